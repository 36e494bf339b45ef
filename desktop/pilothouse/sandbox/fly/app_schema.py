"""What Fly.io's public GraphQL schema says of apps and of what belongs to one.

`PAGE` stands for the arguments of a connection.
"""

from __future__ import annotations

MACHINES = """
type Host implements Node { id: ID! }
type MachineIP implements Node {
  family: String! id: ID! ip: String! kind: String! maskSize: Int!
}
type EgressIPAddress implements Node {
  id: ID! ip: String! region: String! updatedAt: ISO8601DateTime! version: Int!
}
interface MachineEvent { id: ID! kind: String! timestamp: ISO8601DateTime! }
type MachineEventGeneric implements MachineEvent {
  id: ID! kind: String! timestamp: ISO8601DateTime!
}
type MachineEventStart implements MachineEvent {
  id: ID! kind: String! timestamp: ISO8601DateTime!
}
type MachineEventDestroy implements MachineEvent {
  id: ID! kind: String! timestamp: ISO8601DateTime!
}
type MachineEventExit implements MachineEvent {
  exitCode: Int! id: ID! kind: String! metadata: JSON! oomKilled: Boolean!
  requestedStop: Boolean! timestamp: ISO8601DateTime!
}
type MachineEventEdge { cursor: String! node: MachineEvent }
type MachineEventConnection {
  edges: [MachineEventEdge] nodes: [MachineEvent] pageInfo: PageInfo!
}
type Machine implements Node {
  app: App!
  config: JSON!
  createdAt: ISO8601DateTime!
  egressIpAddresses(PAGE): EgressIPAddressConnection!
  events(PAGE, kind: String): MachineEventConnection!
  host: Host!
  id: ID!
  instanceId: String!
  ips(PAGE): MachineIPConnection!
  name: String!
  region: String!
  state: String!
  updatedAt: ISO8601DateTime!
}
type Volume implements Node {
  app: App!
  attachedMachine: Machine
  createdAt: ISO8601DateTime!
  encrypted: Boolean!
  host: Host!
  id: ID!
  internalId: String!
  name: String!
  region: String!
  sizeGb: Int!
  state: String!
  status: String!
}
"""
"""Machines, their events and addresses, and volumes."""

APPS = """
type CheckState {
  allocation: JSON
  allocationId: String!
  name: String!
  output(compact: Boolean, limit: Int): String!
  serviceName: String!
  status: String!
  type: CheckType!
  updatedAt: ISO8601DateTime!
}
type Secret implements Node {
  createdAt: ISO8601DateTime! digest: String! id: ID! name: String! user: User
}
type AppLock { expiration: ISO8601DateTime! lockId: ID! }
type AppRole { name: String! }
type AppChange implements Node {
  actorType: String! app: App! createdAt: ISO8601DateTime! description: String! id: ID!
  status: String updatedAt: ISO8601DateTime! user: User
}
type HostIssue implements Node {
  createdAt: ISO8601DateTime! id: ID! internalId: String! message: String!
  updatedAt: ISO8601DateTime!
}
type Network implements Node {
  createdAt: ISO8601DateTime! id: ID! name: String! organization: Organization!
  updatedAt: ISO8601DateTime!
}
type IPAddress implements Node {
  address: String! createdAt: ISO8601DateTime! id: ID! network: Network region: String
  serviceName: String type: IPAddressType!
}
type AppCertificateValidationError { message: String! timestamp: ISO8601DateTime! }
type AppCertificate implements Node {
  acmeRequested: Boolean!
  certificateAuthority: String
  clientStatus: String!
  createdAt: ISO8601DateTime
  dnsProvider: String
  dnsValidationHostname: String!
  dnsValidationInstructions: String!
  dnsValidationTarget: String!
  hostname: String!
  id: ID!
  isApex: Boolean!
  isConfigured: Boolean!
  isWildcard: Boolean!
  source: String
  validationErrors: [AppCertificateValidationError!]!
}
type VMSize {
  cpuClass: CPUClass! cpuCores: Float! maxMemoryMb: Int! memoryGb: Float!
  memoryIncrementsMb: [Int!]! memoryMb: Int! name: String! priceMonth: Float priceSecond: Float
}
type ProcessGroup { maxPerRegion: Int! name: String! regions: [String!]! vmSize: VMSize! }
type TaskGroupCount { count: Int! name: String! }
type Region {
  code: String! gatewayAvailable: Boolean! latitude: Float longitude: Float name: String!
  processGroup: String requiresPaidPlan: Boolean!
}
type FlyctlRelease { timestamp: ISO8601DateTime! version: String! }
type FlyPlatform {
  flyctl: FlyctlRelease! regions: [Region!]! requestRegion: String vmSizes: [VMSize!]!
}

type App implements Node {
  appUrl: String
  certificate(hostname: String!): AppCertificate
  certificates(PAGE, filter: String, id: String): AppCertificateConnection!
  changes(PAGE): AppChangeConnection!
  cnameTarget: String
  config: AppConfig!
  createdAt: ISO8601DateTime
  currentLock: AppLock
  currentRelease: Release
  currentReleaseUnprocessed: ReleaseUnprocessed
  deployed: Boolean!
  egressIpAddresses(PAGE): EgressIPAddressConnection!
  healthChecks(PAGE, name: String): CheckStateConnection!
  hostIssues(PAGE): HostIssueConnection!
  hostname: String
  id: ID!
  image(ref: String!): Image
  imageDetails: ImageVersion
  imageUpgradeAvailable: Boolean
  imageVersionTrackingEnabled: Boolean!
  internalId: String!
  internalNumericId: Int!
  ipAddress(address: String!): IPAddress
  ipAddresses(PAGE): IPAddressConnection!
  key: String!
  latestImageDetails: ImageVersion
  limitedAccessTokens(PAGE): LimitedAccessTokenConnection!
  machine(id: String!): Machine
  machines(PAGE, active: Boolean, version: Int): MachineConnection!
  name: String!
  network: String
  networkId: Int
  organization: Organization!
  parseConfig(definition: JSON!): AppConfig!
  platformVersion: PlatformVersionEnum
  processGroups: [ProcessGroup!]!
  regions: [Region!]!
  release(id: ID, version: Int): Release
  releases(PAGE): ReleaseConnection!
  releasesUnprocessed(PAGE, status: String): ReleaseUnprocessedConnection!
  role: AppRole
  runtime: RuntimeType!
  secrets: [Secret!]!
  services: [Service!]!
  sharedIpAddress: String
  state: AppState!
  status: String!
  taskGroupCounts: [TaskGroupCount!]!
  version: Int!
  vmSize: VMSize!
  volumes(PAGE): VolumeConnection!
}
"""
"""Apps: checks, secrets, addresses, certificates, regions."""
