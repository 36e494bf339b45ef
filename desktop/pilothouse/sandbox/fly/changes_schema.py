"""The mutations of Fly.io's public GraphQL schema that release tools use, and their inputs."""

from __future__ import annotations

import re

_INPUTS = """
input AllocateIPAddressInput {
  appId: ID! clientMutationId: String network: String organizationId: ID region: String
  serviceName: String type: IPAddressType!
}
input ReleaseIPAddressInput { appId: ID clientMutationId: String ip: String ipAddressId: ID }
input CreateAppInput {
  appRoleId: ID
  clientMutationId: String
  enableSubdomains: Boolean
  heroku: Boolean
  machines: Boolean
  name: String
  network: String
  organizationId: ID!
  preferredRegion: String
  runtime: RuntimeType
}
input MoveAppInput { appId: ID! clientMutationId: String organizationId: ID! }
input SetPlatformVersionInput {
  appId: ID! clientMutationId: String lockId: ID platformVersion: String!
}
input BuildFinalImageInput { id: String! sizeBytes: BigInt! tag: String! }
input BuildImageOptsInput {
  buildArgs: JSON buildPacks: [String!] builder: String builtIn: String builtInSettings: JSON
  dockerfilePath: String extraBuildArgs: JSON imageLabel: String imageRef: String
  noCache: Boolean publish: Boolean tag: String target: String
}
input BuildStrategyAttemptInput { error: String note: String result: String! strategy: String! }
input BuildTimingsInput {
  buildAndPushMs: BigInt buildMs: BigInt builderInitMs: BigInt contextBuildMs: BigInt
  imageBuildMs: BigInt pushMs: BigInt
}
input BuilderMetaInput {
  builderType: String! buildkitEnabled: Boolean dockerVersion: String platform: String
  remoteAppName: ID remoteMachineId: ID
}
input CreateBuildInput {
  appName: ID!
  builderType: String!
  clientMutationId: String
  imageOpts: BuildImageOptsInput!
  machineId: ID
  strategiesAvailable: [String!]!
}
input FinishBuildInput {
  appName: ID!
  buildId: ID!
  builderMeta: BuilderMetaInput
  clientMutationId: String
  finalImage: BuildFinalImageInput
  logs: String
  machineId: ID
  status: String!
  strategiesAttempted: [BuildStrategyAttemptInput!]
  timings: BuildTimingsInput
}
input EnsureMachineRemoteBuilderInput {
  appName: String clientMutationId: String organizationId: ID region: String v2: Boolean
}
input EnsureDepotRemoteBuilderInput {
  appName: String builderScope: String clientMutationId: String organizationId: ID region: String
}
input CreateReleaseInput {
  appId: ID!
  buildId: ID
  clientMutationId: String
  definition: JSON!
  image: String!
  platformVersion: String!
  strategy: DeploymentStrategy!
}
input UpdateReleaseInput {
  clientMutationId: String metadata: JSON releaseId: ID! status: String
}
input LockAppInput { appId: ID! clientMutationId: String }
input UnlockAppInput { appId: ID! clientMutationId: String lockId: ID! }
input SecretInput { key: String! value: String! }
input SetSecretsInput {
  appId: ID! clientMutationId: String replaceAll: Boolean secrets: [SecretInput!]!
}
input UnsetSecretsInput { appId: ID! clientMutationId: String keys: [String!]! }
input CreateLimitedAccessTokenInput {
  clientMutationId: String
  expiry: String
  name: String!
  optInThirdParties: [String!]
  optOutThirdParties: [String!]
  organizationId: ID!
  profile: String!
  profileParams: JSON
}
input DeleteLimitedAccessTokenInput { clientMutationId: String id: ID token: String }
"""

_PAYLOADS = {
    "AllocateIPAddress": "app: App! ipAddress: IPAddress",
    "ReleaseIPAddress": "app: App!",
    "CreateApp": "app: App!",
    "MoveApp": "app: App!",
    "SetPlatformVersion": "app: App!",
    "CreateBuild": "id: ID! status: String!",
    "FinishBuild": "id: ID! status: String! wallclockTimeMs: Int!",
    "EnsureMachineRemoteBuilder": "app: App! machine: Machine!",
    "EnsureDepotRemoteBuilder": "buildId: String! buildToken: String!",
    "CreateRelease": "app: App! release: Release!",
    "UpdateRelease": "release: Release!",
    "LockApp": "expiration: ISO8601DateTime lockId: ID",
    "UnlockApp": "app: App!",
    "SetSecrets": "app: App! release: Release",
    "UnsetSecrets": "app: App! release: Release",
    "CreateLimitedAccessToken": "limitedAccessToken: LimitedAccessToken!",
    "DeleteLimitedAccessToken": "token: String",
}


def _field(name: str) -> str:
    first = re.sub("^[A-Z]", lambda letter: letter[0].lower(), name).replace(
        "IPAddress", "IpAddress"
    )
    return f"  {first}(input: {name}Input!): {name}Payload\n"


CHANGES = "".join(
    [
        _INPUTS,
        *(
            f"type {name}Payload {{ clientMutationId: String {fields} }}\n"
            for name, fields in _PAYLOADS.items()
        ),
        "type DeleteAppPayload { organization: Organization! }\n",
        "type Mutations {\n",
        *map(_field, _PAYLOADS),
        "  deleteApp(appId: ID!): DeleteAppPayload\n}\n",
    ]
)
"""The mutation root with its inputs and payloads, in the GraphQL schema language."""
