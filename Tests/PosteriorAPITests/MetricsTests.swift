import Estimators
import HTTPMessages
import HTTPTypes
import MetricsExposition
import ModelStore
import PosteriorAPI
import Testing

@Suite struct MetricsTests {
    private let metrics = ServiceMetrics(MetricsRegistry(ServiceMetrics.definitions))

    private func text() -> String {
        String(decoding: metrics.registry.exposition(.prometheus), as: UTF8.self)
    }

    @Test func `a family has one name in OpenMetrics, too`() {
        let families = ServiceMetrics.definitions.map { definition in
            definition.name.hasSuffix("_total")
                ? String(definition.name.dropLast(6)) : definition.name
        }
        #expect(Set(families).count == families.count)
    }

    @Test func `what models answer is counted by model and version`() throws {
        let client = try InMemoryClient(metrics: metrics)
        let observation = #""observation":[1,2,3]"#
        let flow = "/v1/models/flow/versions/1"
        #expect(client.post("\(flow)/sample", "{\(observation),\"num_samples\":12}").status == 200)
        #expect(client.post("\(flow)/fisher", "{\(observation),\"num_samples\":20}").status == 200)
        let small = #"{"observation":[1,2,3],"epsilon":[0.1],"epsilon_unit":"absolute","steps":2}"#
        #expect(client.post("\(flow)/robustness", small).status == 200)
        let labels = #"model="flow",version="1""#
        let text = text()
        #expect(text.contains("posterior_draws_total{\(labels)} 12\n"))
        #expect(text.contains("posterior_fisher_trace_count{\(labels)} 2\n"))
        #expect(text.contains("posterior_robustness_score_count{\(labels)} 1\n"))
        #expect(text.contains("posterior_draws_total{model=\"mixture\",version=\"2\"} 0\n"))
        #expect(text.contains("posterior_model_ready{\(labels)} 1\n"))
    }

    @Test func `answers are counted by route, method and class, whatever clients send`() {
        let methods = ["GET", "HEAD", "get", "BREW", "POST"]
        for method in methods {
            for status in [100, 200, 404, 599, 999] {
                metrics.answered(
                    route: "/v1/models/made-up",
                    method: method,
                    status: status,
                    bytesIn: 1,
                    bytesOut: 2,
                    total: .milliseconds(3)
                )
            }
        }
        let text = text()
        func count(_ method: String, _ status: String) -> String {
            "posterior_http_requests_total{route=\"unmatched\",method=\"\(method)\""
                + ",status=\"\(status)\"} "
        }
        #expect(text.contains(count("other", "2xx") + "2\n"))
        #expect(text.contains(count("GET", "5xx") + "2\n"))
        #expect(!text.contains("made-up") && !text.contains("BREW"))
        #expect(
            text.contains(
                "posterior_http_request_duration_seconds_bucket{route=\"unmatched\",le=\"0.005\"} 25\n"
            )
        )
        #expect(text.contains("posterior_http_response_body_bytes_total{route=\"unmatched\"} 50\n"))
    }

    @Test func `models that are gone are forgotten`() {
        metrics.model("old", version: 1).count(.ok)
        metrics.model("new", version: 1).count(.ok)
        metrics.keepModels { name, _ in name == "new" }
        #expect(!text().contains("old"))
        #expect(text().contains("model=\"new\",version=\"1\",outcome=\"ok\"} 1"))
    }

    @Test func `metrics are a page in either format`() throws {
        let client = try InMemoryClient(metrics: metrics)
        let plain = client.get("/metrics")
        #expect(plain.status == 200)
        let type = plain.response.head.headerFields[.contentType]
        #expect(type == "text/plain; version=0.0.4; charset=utf-8")
        var request = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "test",
            path: "/metrics"
        )
        request.headerFields[.accept] = "application/openmetrics-text; version=1.0.0"
        let open = client.send(request, body: nil)
        #expect(open.text.hasSuffix("# EOF\n"))
        #expect(open.response.head.headerFields[.vary] == "Accept")
    }
}
