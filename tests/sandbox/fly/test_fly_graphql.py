"""The practice Fly.io's GraphQL: what flyctl asks for, errors as it reads them, and bounds."""

from __future__ import annotations

import json
import time

from tests.sandbox.fly.quay import APP, Quay, Row, at_quay

COMPACT = """query($app: String!) { appcompact: app(name: $app) {
  id internalNumericId name hostname cnameTarget deployed network status appUrl platformVersion
  organization { id internalNumericId slug paidPlan } postgresAppRole: role { name } } }"""
RELEASES = """query($app: String!, $first: Int, $last: Int, $after: String, $before: String,
  $status: String) { app(name: $app) { releases: releasesUnprocessed(
  first: $first, last: $last, after: $after, before: $before, status: $status) {
  totalCount edges { cursor } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
  nodes { id version status stable description reason imageRef createdAt
  user { id email name } } } } }"""
ASKED = {
    "apps list": """{ apps(type: "container", first: 200) { pageInfo { hasNextPage endCursor }
        nodes { id name deployed hostname platformVersion network organization { slug name }
        currentRelease { createdAt status } status } } }""",
    "whoami": "{ viewer { ... on User { id email enablePaidHobby } ... on Macaroon { email } } }",
    "orgs list": """query($admin: Boolean = false) { organizations(admin: $admin) { nodes {
        id slug rawSlug name type paidPlan billable viewerRole internalNumericId } }
        personalOrganization { slug } }""",
    "orgs show": """{ organization(slug: "personal") { id slug name type viewerRole
        internalNumericId remoteBuilderImage remoteBuilderApp { name } billingStatus
        apps(first: 1) { nodes { id name } }
        members { edges { cursor node { id name email } joinedAt role } }
        limitedAccessTokens { nodes { id name expiresAt user { email } } } } }""",
    "app in full": """{ app(name: "harbor-web") { id version config { definition }
        currentRelease { evaluationId status inProgress version } services { description protocol
        internalPort ports { port handlers } } ipAddresses { nodes { id address type createdAt
        region serviceName network { name organization { slug } } } } sharedIpAddress
        imageDetails { registry repository tag digest version }
        machines { nodes { id name config state region createdAt instanceId app { name }
        ips { nodes { family kind ip maskSize } } host { id }
        egressIpAddresses { nodes { id ip version region } }
        events { nodes { id kind timestamp ... on MachineEventExit { exitCode requestedStop } } } }
        } regions { code name } taskGroupCounts { name count } processGroups { name regions
        vmSize { name cpuCores memoryMb } } limitedAccessTokens { nodes { id name expiresAt } }
        certificates { nodes { hostname clientStatus } } volumes { nodes { id sizeGb } }
        egressIpAddresses { nodes { ip } } changes(first: 2) { nodes { description status } }
        secrets { name digest createdAt } currentLock { lockId } } }""",
    "host issues": """{ apphostissues: app(name: "harbor-web") { hostIssues { nodes {
        internalId message createdAt updatedAt } } } }""",
    "checks": """{ app(name: "harbor-web") { healthChecks(first: 9) { nodes { allocationId name
        output(compact: true, limit: 9) serviceName status type updatedAt } } } }""",
    "platform": """{ platform { requestRegion regions { name code latitude longitude
        gatewayAvailable requiresPaidPlan } vmSizes { name cpuCores memoryGb priceMonth }
        flyctl { version } } nearestRegion { code name gatewayAvailable } }""",
    "bluegreen": '{ canPerformBluegreenDeployment(name: "harbor-web") }',
    "name": '{ appNameAvailable(name: "a-free-name") }',
    "tag": '{ latestImageTag(repository: "harbor-web") }',
    "machines": '{ machines(appId: "harbor-web", first: 1) { nodes { id app { id } } } }',
}


async def ask(one: Quay, query: str, **variables: object) -> Row:
    body = {"query": query, "variables": variables}
    answer = await one.api.post("/graphql", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["fly-request-id"]
    shown: Row = answer.json()
    return shown


async def change(one: Quay, name: str, fields: str, wish: Row) -> Row:
    kind = name[0].upper() + name[1:].replace("IpAddress", "IPAddress")
    query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} }} }}"
    return await ask(one, query, input=wish)


def test_whatever_flyctl_asks_for_is_answered() -> None:
    async def scenario(one: Quay) -> None:
        for name, query in ASKED.items():
            shown = await ask(one, query)
            assert "errors" not in shown, (name, shown["errors"])
        compact = (await ask(one, COMPACT, app=APP))["data"]["appcompact"]
        assert (compact["id"], compact["status"], compact["deployed"]) == (APP, "deployed", True)
        assert isinstance(compact["internalNumericId"], int)
        assert compact["organization"]["internalNumericId"] == "271828"
        assert compact["appUrl"] == one.world.edges[f"fly:{APP}"].url
        full = (await ask(one, ASKED["app in full"]))["data"]["app"]
        rows = await one.machines()
        assert {row["id"] for row in full["machines"]["nodes"]} == {row["id"] for row in rows}
        assert full["services"][0]["internalPort"] == 8080

    at_quay(scenario)


def test_releases_are_paged_in_both_directions_and_by_status() -> None:
    async def scenario(one: Quay) -> None:
        async def page(**variables: object) -> Row:
            found: Row = (await ask(one, RELEASES, app=APP, **variables))["data"]["app"]["releases"]
            return found

        whole = await page()
        versions = [row["version"] for row in whole["nodes"]]
        assert versions == sorted(versions, reverse=True)
        first = await page(first=5)
        assert [row["version"] for row in first["nodes"]] == versions[:5]
        assert first["pageInfo"]["hasNextPage"]
        assert not first["pageInfo"]["hasPreviousPage"]
        second = await page(first=5, after=first["pageInfo"]["endCursor"])
        assert [row["version"] for row in second["nodes"]] == versions[5:10]
        back = await page(last=3, before=second["pageInfo"]["startCursor"])
        assert [row["version"] for row in back["nodes"]] == versions[2:5]
        assert back["pageInfo"]["hasPreviousPage"]
        assert back["pageInfo"]["hasNextPage"]
        end = await page(last=2)
        assert [row["version"] for row in end["nodes"]] == versions[-2:]
        failed = await page(status="failed")
        assert failed["nodes"]
        assert {row["status"] for row in failed["nodes"]} == {"failed"}
        assert failed["totalCount"] < whole["totalCount"] == len(versions)
        assert (await page(first=0))["nodes"] == []
        wrong = await ask(one, RELEASES, app=APP, after="nonsense")
        assert "Invalid cursor" in wrong["errors"][0]["message"]
        assert "errors" in await ask(one, RELEASES, app=APP, first=-1)

    at_quay(scenario)


def test_errors_come_with_200_and_the_words_that_flyctl_looks_for() -> None:
    async def scenario(one: Quay) -> None:
        gone = await ask(one, COMPACT, app="nobody")
        assert gone["data"] == {"appcompact": None}
        error = gone["errors"][0]
        assert error["message"] == "Could not find App"
        assert (error["path"], error["extensions"]["code"]) == (["appcompact"], "NOT_FOUND")
        foreign = await ask(one, '{ latestImageDetails(image: "nginx:1") { digest } }')
        assert "Unknown repository" in foreign["errors"][0]["message"]
        unknown = await ask(one, "{ nothing }")
        assert "data" not in unknown
        assert "nothing" in unknown["errors"][0]["message"]
        syntax = await ask(one, "{ app(")
        assert "Syntax Error" in syntax["errors"][0]["message"]
        wish = {"organizationId": "org_hw3k9", "name": APP}
        taken = await change(one, "createApp", "app { id }", wish)
        assert "Name has already been taken" in taken["errors"][0]["message"]

    at_quay(scenario)


NO_REQUESTS = (
    (b"", 200),
    (b"{", 400),
    (b"[]", 400),
    (b'[{"query":"{viewer{email}}"}]', 400),
    (b'{"query": 7}', 400),
    (b'{"query": "{viewer{email}}", "variables": []}', 400),
    (b'{"query": "{viewer{email}}", "operationName": 1}', 400),
    (b'{"query": "query A{viewer{email}} query B{viewer{email}}"}', 200),
    (b"[" * 50_000, 400),
    (b"\xff\xfe", 400),
)


def test_a_body_that_is_no_request_is_refused_in_form() -> None:
    async def scenario(one: Quay) -> None:
        for body, status in NO_REQUESTS:
            answer = await one.api.post("/graphql", content=body)
            assert answer.status_code == status, (body[:60], answer.text)
            assert answer.json()["errors"][0]["message"], body[:60]

    at_quay(scenario)


def test_only_introspection_needs_no_token() -> None:
    async def scenario(one: Quay) -> None:
        nobody = {"authorization": ""}
        for query, status in (
            ("{ viewer { email } }", 401),
            ("{ __schema { queryType { name } } viewer { email } }", 401),
            ("{ ...F } fragment F on Queries { viewer { email } }", 401),
            ('{ a: viewer { email } b: __type(name: "App") { name } }', 401),
            ("nonsense", 401),
            ("{ __schema { mutationType { name } types { name } } }", 200),
        ):
            answer = await one.api.post("/graphql", json={"query": query}, headers=nobody)
            assert answer.status_code == status, query
            assert (status == 401) == ("errors" in answer.json())
        refused = await one.api.get("/graphql")
        assert (refused.status_code, "errors" in refused.json()) == (405, True)
        assert one.world.not_here[-1].path == "/graphql"

    at_quay(scenario)


def nested(depth: int) -> str:
    step = "app { machines { nodes {"
    inner = " ".join([step] * depth) + " id " + "}}}" * depth
    return f'{{ app(name: "{APP}") {{ machines {{ nodes {{ {inner} }} }} }} }}'


WITHOUT_BOUNDS = (
    "{" * 3_000,
    "{" + "a" * 200_000 + "}",
    nested(20),
    f'{{ app(name: "{APP}") {{ {" ".join(f"a{n}: name" for n in range(2_000))} }} }}',
    "{ ...A } fragment A on Queries { ...B ...B } fragment B on Queries { ...C ...C } "
    + "fragment C on Queries { "
    + " ".join(f"x{n}: viewer {{ email }}" for n in range(120))
    + " }",
    "{ app(name: " + "[" * 4_000 + ") { id } }",
)


def test_a_query_without_bounds_is_refused_at_once() -> None:
    async def scenario(one: Quay) -> None:
        for query in WITHOUT_BOUNDS:
            began = time.monotonic()
            shown = await ask(one, query)
            words = shown["errors"][0]["message"]
            assert "too complex" in words or "Syntax" in words, words
            assert time.monotonic() - began < 5.0, query[:60]

    at_quay(scenario)


def test_a_query_that_grows_while_it_runs_is_given_up() -> None:
    async def scenario(one: Quay) -> None:
        config = (await one.first())["config"]
        for _ in range(18):
            await one.create(skip_launch=True, config=config)
        shown = await ask(one, nested(3))
        assert "too complex" in shown["errors"][0]["message"]
        loop = "{ ...A } fragment A on Queries { viewer { email } ...A }"
        assert "itself" in json.dumps(await ask(one, loop))
        assert (await ask(one, COMPACT, app=APP))["data"]

    at_quay(scenario)


def test_apps_addresses_and_secrets_change_through_mutations() -> None:
    async def scenario(one: Quay) -> None:
        wish = {"organizationId": "org_hw3k9", "name": "quay-side", "clientMutationId": "m1"}
        made = await change(one, "createApp", "clientMutationId app { name status }", wish)
        assert made["data"]["createApp"] == {
            "clientMutationId": "m1",
            "app": {"name": "quay-side", "status": "pending"},
        }
        wish = {"appId": "quay-side", "type": "v6", "region": "fra"}
        given = await change(one, "allocateIpAddress", "ipAddress { id address type }", wish)
        address = given["data"]["allocateIpAddress"]["ipAddress"]
        assert address["type"] == "v6"
        assert ":" in address["address"]
        shared = {"appId": "quay-side", "type": "shared_v4"}
        both = "app { sharedIpAddress ipAddresses { totalCount } }"
        shown = (await change(one, "allocateIpAddress", both, shared))["data"]
        app = shown["allocateIpAddress"]["app"]
        assert app["sharedIpAddress"]
        assert app["ipAddresses"]["totalCount"] == 1
        assert "errors" in await change(one, "allocateIpAddress", both, shared)
        taken = {"appId": "quay-side", "ip": address["address"]}
        await change(one, "releaseIpAddress", "clientMutationId", taken)
        secrets = [{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]
        values: Row = {"appId": "quay-side", "secrets": secrets}
        fields = "release { version description } app { secrets { name } }"
        written = (await change(one, "setSecrets", fields, values))["data"]["setSecrets"]
        assert written["release"]["description"] == "Set secrets: A, B"
        values |= {"secrets": secrets[:1], "replaceAll": True}
        written = (await change(one, "setSecrets", fields, values))["data"]["setSecrets"]
        assert [each["name"] for each in written["app"]["secrets"]] == ["A"]
        await ask(one, 'mutation { deleteApp(appId: "quay-side") { organization { id } } }')
        assert "errors" in await ask(one, COMPACT, app="quay-side")

    at_quay(scenario)


def test_builds_are_numbered_and_builders_refused() -> None:
    async def scenario(one: Quay) -> None:
        wish = {"appName": APP, "builderType": "remote", "imageOpts": {"tag": "x"}}
        wish |= {"strategiesAvailable": ["Dockerfile"]}
        made = (await change(one, "createBuild", "id status", wish))["data"]["createBuild"]
        done = {"appName": APP, "buildId": made["id"], "status": "completed"}
        ended = await change(one, "finishBuild", "id status wallclockTimeMs", done)
        assert ended["data"]["finishBuild"]["id"] == made["id"]
        refused = await change(one, "ensureMachineRemoteBuilder", "app { id }", {"appName": APP})
        assert "no builders" in refused["errors"][0]["message"]
        assert "ensureMachineRemoteBuilder" in one.world.not_here[-1].path

    at_quay(scenario)
