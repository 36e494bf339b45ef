"""The part of Fly.io's public GraphQL schema that release tools ask for."""

from __future__ import annotations

SDL = """
scalar ISO8601DateTime
scalar JSON
scalar BigInt

enum DeploymentStrategy { BLUEGREEN CANARY IMMEDIATE ROLLING ROLLING_ONE SIMPLE }
enum AppState { PENDING DEPLOYED SUSPENDED }
enum RuntimeType { FIRECRACKER NOMAD }
enum PlatformVersionEnum { detached machines nomad }

interface Principal { email: String }
type User implements Principal {
  id: ID!
  email: String
  name: String
  enablePaidHobby: Boolean!
  internalNumericId: Int!
  organizations: OrganizationConnection!
}
type Macaroon implements Principal { email: String }

type PageInfo {
  endCursor: String
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
}
type Organization {
  id: ID!
  slug: String!
  rawSlug: String!
  name: String!
  type: String!
  paidPlan: Boolean!
  billable: Boolean!
  viewerRole: String!
  internalNumericId: BigInt!
}
type OrganizationEdge { cursor: String! node: Organization }
type OrganizationConnection {
  edges: [OrganizationEdge]
  nodes: [Organization]
  pageInfo: PageInfo!
  totalCount: Int!
}

type Image {
  id: ID!
  digest: String!
  ref: String!
  tag: String
  registry: String!
  repository: String!
  label: String!
  compressedSize: Int!
  compressedSizeFull: BigInt!
  createdAt: ISO8601DateTime!
  labels: JSON
  manifest: JSON!
}
type ImageVersion {
  registry: String!
  repository: String!
  tag: String!
  version: String
  digest: String!
}
type AppConfig { definition: JSON! valid: Boolean! errors: [String!]! }

type Release {
  id: ID!
  version: Int!
  status: String!
  stable: Boolean!
  inProgress: Boolean!
  description: String!
  reason: String!
  user: User
  createdAt: ISO8601DateTime!
  updatedAt: ISO8601DateTime!
  imageRef: String
  image: Image
  deploymentStrategy: DeploymentStrategy!
  revertedTo: Int
  evaluationId: String
  config: AppConfig
  metadata: JSON
}
type ReleaseEdge { cursor: String! node: Release }
type ReleaseConnection {
  edges: [ReleaseEdge]
  nodes: [Release]
  pageInfo: PageInfo!
  totalCount: Int!
}
type ReleaseUnprocessed {
  id: ID!
  version: Int!
  status: String!
  stable: Boolean!
  inProgress: Boolean!
  description: String!
  reason: String!
  user: User
  createdAt: ISO8601DateTime!
  updatedAt: ISO8601DateTime!
  imageRef: String
  image: Image
  deploymentStrategy: DeploymentStrategy!
  revertedTo: Int
  evaluationId: String
  configDefinition: JSON
}
type ReleaseUnprocessedEdge { cursor: String! node: ReleaseUnprocessed }
type ReleaseUnprocessedConnection {
  edges: [ReleaseUnprocessedEdge]
  nodes: [ReleaseUnprocessed]
  pageInfo: PageInfo!
  totalCount: Int!
}

type CheckState {
  allocation: JSON
  allocationId: String!
  name: String!
  output(compact: Boolean, limit: Int): String!
  serviceName: String!
  status: String!
  type: String!
  updatedAt: ISO8601DateTime!
}
type CheckStateEdge { cursor: String! node: CheckState }
type CheckStateConnection {
  edges: [CheckStateEdge]
  nodes: [CheckState]
  pageInfo: PageInfo!
  totalCount: Int!
}
type Secret { id: ID! name: String! digest: String! createdAt: ISO8601DateTime! user: User }
type AppLock { lockId: ID! expiration: ISO8601DateTime! }
type AppRole { name: String! }
type HostIssue { id: ID! message: String! createdAt: ISO8601DateTime! }
type HostIssueConnection { nodes: [HostIssue] pageInfo: PageInfo! totalCount: Int! }
type IPAddress { id: ID! address: String! type: String! region: String }
type IPAddressConnection { nodes: [IPAddress] pageInfo: PageInfo! totalCount: Int! }
type ProcessGroup { name: String! regions: [String!]! maxPerRegion: Int! }

type App {
  id: ID!
  internalNumericId: Int!
  name: String!
  hostname: String
  cnameTarget: String
  status: String!
  state: AppState!
  deployed: Boolean!
  appUrl: String
  platformVersion: PlatformVersionEnum
  runtime: RuntimeType!
  network: String
  createdAt: ISO8601DateTime
  organization: Organization!
  role: AppRole
  currentRelease: Release
  currentReleaseUnprocessed: ReleaseUnprocessed
  release(id: ID, version: Int): Release
  releases(after: String, before: String, first: Int, last: Int): ReleaseConnection!
  releasesUnprocessed(
    after: String, before: String, first: Int, last: Int, status: String
  ): ReleaseUnprocessedConnection!
  healthChecks(
    after: String, before: String, first: Int, last: Int, name: String
  ): CheckStateConnection!
  image(ref: String!): Image
  imageDetails: ImageVersion
  latestImageDetails: ImageVersion
  secrets: [Secret!]!
  currentLock: AppLock
  hostIssues(first: Int, after: String): HostIssueConnection!
  ipAddresses(first: Int, after: String): IPAddressConnection!
  sharedIpAddress: String
  processGroups: [ProcessGroup!]!
  config: AppConfig!
}
type AppEdge { cursor: String! node: App }
type AppConnection {
  edges: [AppEdge]
  nodes: [App]
  pageInfo: PageInfo!
  totalCount: Int!
}

type Query {
  viewer: Principal!
  organizations(
    admin: Boolean, type: String, after: String, before: String, first: Int, last: Int
  ): OrganizationConnection!
  organization(id: ID, name: String, slug: String): Organization
  apps(
    active: Boolean, after: String, before: String, first: Int, last: Int,
    organizationId: ID, platform: String, role: String, type: String
  ): AppConnection!
  app(name: String, internalId: String): App
  appNameAvailable(name: String!): Boolean!
  canPerformBluegreenDeployment(name: String!): Boolean!
  latestImageDetails(image: String!, flyVersion: String): ImageVersion!
  latestImageTag(repository: String!, snapshotId: ID): String!
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
  clientMutationId: String
  metadata: JSON
  releaseId: ID!
  status: String
}
input LockAppInput { appId: ID! clientMutationId: String }
input UnlockAppInput { appId: ID! clientMutationId: String lockId: ID! }
input SecretInput { key: String! value: String! }
input SetSecretsInput {
  appId: ID!
  clientMutationId: String
  replaceAll: Boolean
  secrets: [SecretInput!]!
}
input UnsetSecretsInput { appId: ID! clientMutationId: String keys: [String!]! }

type CreateReleasePayload { app: App! clientMutationId: String release: Release! }
type UpdateReleasePayload { clientMutationId: String release: Release! }
type LockAppPayload { clientMutationId: String expiration: ISO8601DateTime! lockId: ID! }
type UnlockAppPayload { app: App! clientMutationId: String }
type SetSecretsPayload { app: App! clientMutationId: String release: Release }
type UnsetSecretsPayload { app: App! clientMutationId: String release: Release }

type Mutation {
  createRelease(input: CreateReleaseInput!): CreateReleasePayload
  updateRelease(input: UpdateReleaseInput!): UpdateReleasePayload
  lockApp(input: LockAppInput!): LockAppPayload
  unlockApp(input: UnlockAppInput!): UnlockAppPayload
  setSecrets(input: SetSecretsInput!): SetSecretsPayload
  unsetSecrets(input: UnsetSecretsInput!): UnsetSecretsPayload
}
"""
