"""The part of Fly.io's public GraphQL schema that release tools ask for.

Names, types and arguments are those of the schema that Fly.io publishes (the copy that fly-go and
flyctl are generated from); its texts are not repeated here. What the platform keeps for retired
kinds of apps is left out.
"""

from __future__ import annotations

from pilothouse.sandbox.fly.app_schema import APPS, MACHINES
from pilothouse.sandbox.fly.changes_schema import CHANGES

_CONNECTED = (
    "App",
    "AppCertificate",
    "AppChange",
    "CheckState",
    "EgressIPAddress",
    "HostIssue",
    "IPAddress",
    "LimitedAccessToken",
    "Machine",
    "MachineIP",
    "Organization",
    "Release",
    "ReleaseUnprocessed",
    "Volume",
)
_PAGE = "after: String, before: String, first: Int, last: Int"

_PEOPLE = """
interface Node { id: ID! }
interface Principal {
  avatarUrl: String!
  createdAt: ISO8601DateTime
  email: String!
  featureFlags: [String!]
  id: ID
  lastRegion: String
  name: String
  organizations(PAGE): OrganizationConnection
  personalOrganization: Organization
  trust: OrganizationTrust!
  twoFactorProtection: Boolean
  username: String
}
type User implements Node & Principal {
  agreedToProviderTos(providerName: String!): Boolean!
  avatarUrl: String!
  createdAt: ISO8601DateTime!
  email: String!
  enablePaidHobby: Boolean!
  featureFlags: [String!]!
  id: ID!
  internalNumericId: Int!
  lastRegion: String
  name: String
  organizations(PAGE): OrganizationConnection!
  personalOrganization: Organization!
  trust: OrganizationTrust!
  twoFactorProtection: Boolean!
  username: String
}
type Macaroon implements Principal {
  avatarUrl: String!
  createdAt: ISO8601DateTime
  email: String!
  featureFlags: [String!]
  id: ID
  lastRegion: String
  name: String
  organizations(PAGE): OrganizationConnection
  personalOrganization: Organization
  trust: OrganizationTrust!
  twoFactorProtection: Boolean
  username: String
}

type PageInfo {
  endCursor: String
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
}
type Organization implements Node {
  addOnSsoLink: String
  agreedToProviderTos(providerName: String!): Boolean!
  apps(PAGE): AppConnection!
  billable: Boolean!
  billingStatus: BillingStatus!
  highRisk: Boolean!
  id: ID!
  internalNumericId: BigInt!
  isCreditCardSaved: Boolean!
  limitedAccessTokens(PAGE): LimitedAccessTokenConnection!
  members(PAGE): OrganizationMembershipsConnection!
  name: String!
  paidPlan: Boolean!
  provisionsBetaExtensions: Boolean!
  rawSlug: String!
  remoteBuilderApp: App
  remoteBuilderImage: String!
  settings: JSON
  slug: String!
  trust: OrganizationTrust!
  type: OrganizationType!
  viewerRole: String!
}
type OrganizationMembershipsEdge {
  alertsEnabled: OrganizationAlertsEnabled!
  cursor: String!
  joinedAt: ISO8601DateTime!
  node: User
  role: OrganizationMemberRole!
}
type OrganizationMembershipsConnection {
  edges: [OrganizationMembershipsEdge]
  nodes: [User]
  pageInfo: PageInfo!
  totalCount: Int!
}
type LimitedAccessToken implements Node {
  createdAt: ISO8601DateTime!
  expiresAt: ISO8601DateTime!
  id: ID!
  name: String!
  organization: Organization!
  profile: String!
  revokedAt: ISO8601DateTime
  token: String!
  tokenHeader: String
  user: User!
}
"""

_RELEASES = """
type Image {
  absoluteRef: String!
  compressedSize: Int! @deprecated(reason: "Int cannot represent sizes over 2GB")
  compressedSizeFull: BigInt!
  config: JSON!
  configDigest: JSON!
  createdAt: ISO8601DateTime!
  digest: String!
  id: ID!
  label: String!
  labels: JSON
  manifest: JSON!
  ref: String!
  registry: String!
  repository: String!
  tag: String
}
type ImageVersion {
  digest: String!
  registry: String!
  repository: String!
  tag: String!
  version: String
}
type Service {
  description: String!
  internalPort: Int!
  ports: [ServicePort!]!
  protocol: String!
}
type ServicePort { handlers: [String!]! port: Int! }
type AppConfig { definition: JSON! errors: [String!]! services: [Service!]! valid: Boolean! }

type Release implements Node {
  RELEASE
  config: AppConfig
  metadata: JSON
}
type ReleaseUnprocessed implements Node {
  RELEASE
  configDefinition: JSON
}
""".replace(
    "RELEASE",
    """createdAt: ISO8601DateTime!
  deploymentStrategy: DeploymentStrategy!
  description: String!
  evaluationId: String
  id: ID!
  image: Image
  imageRef: String
  inProgress: Boolean! @deprecated(reason: "use deployment.inProgress")
  reason: String!
  revertedTo: Int
  stable: Boolean!
  status: String!
  updatedAt: ISO8601DateTime!
  user: User
  version: Int!""",
)

_ROOTS = """
schema { query: Queries mutation: Mutations }
scalar ISO8601DateTime
scalar JSON
scalar BigInt
enum AppState { DEPLOYED PENDING SUSPENDED }
enum BillingStatus {
  CURRENT DELINQUENT PAST_DUE SOURCE_REQUIRED SUSPENDED TRIAL_ACTIVE TRIAL_ENDED
}
enum CheckType { HTTP SCRIPT TCP }
enum CPUClass { DEDICATED SHARED }
enum DeploymentStrategy { BLUEGREEN CANARY IMMEDIATE ROLLING ROLLING_ONE SIMPLE }
enum IPAddressType { private_v6 shared_v4 v4 v6 }
enum OrganizationAlertsEnabled { ENABLED NOT_ENABLED }
enum OrganizationMemberRole { ADMIN MEMBER }
enum OrganizationTrust { BANNED HIGH LOW RESTRICTED UNKNOWN }
enum OrganizationType { PERSONAL SHARED }
enum PlatformVersionEnum { detached machines nomad }
enum RuntimeType { FIRECRACKER NODEPROXY }

type Queries {
  app(id: String, internalId: String, key: String, name: String): App
  appNameAvailable(name: String!): Boolean!
  apps(
    PAGE, active: Boolean, ids: [String!], organizationId: ID, platform: String, role: String,
    type: String
  ): AppConnection!
  canPerformBluegreenDeployment(name: String!): Boolean!
  currentUser: User! @deprecated(reason: "use viewer instead")
  latestImageDetails(flyVersion: String, image: String!): ImageVersion!
  latestImageTag(repository: String!, snapshotId: ID): String!
  machine(machineId: String!): Machine!
  machines(PAGE, appId: String, state: String, version: Int): MachineConnection!
  nearestRegion(wireguardGateway: Boolean): Region!
  organization(id: ID, name: String, slug: String): Organization
  organizations(
    PAGE, admin: Boolean, type: OrganizationType, withBillingIssuesOnly: Boolean
  ): OrganizationConnection!
  personalOrganization: Organization!
  platform: FlyPlatform!
  validateConfig(definition: JSON!): AppConfig!
  viewer: Principal!
}
"""


def _connection(name: str) -> str:
    return f"""
type {name}Edge {{ cursor: String! node: {name} }}
type {name}Connection {{
  edges: [{name}Edge] nodes: [{name}] pageInfo: PageInfo! totalCount: Int!
}}
"""


SDL = "".join(
    [
        *(text.replace("PAGE", _PAGE) for text in (_ROOTS, _PEOPLE, _RELEASES, MACHINES, APPS)),
        *map(_connection, _CONNECTED),
        CHANGES,
    ]
)
"""The schema in the GraphQL schema language."""
