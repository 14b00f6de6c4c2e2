import HTTPMessages
import HTTPTypes
import MetricsExposition

// What is there to GET.
extension PosteriorService {
    /// What a page says.
    func content(
        of page: Endpoint.Page,
        _ match: Router.Match
    ) throws(APIError) -> [UInt8] {
        switch page {
        case .live:
            return Self.liveBody
        case .ready:
            guard !readiness.isDraining else {
                throw .notReady(reason: "the server is shutting down")
            }
            guard models.isReady else {
                throw .notReady(reason: "there is no model to serve")
            }
            return Self.readyBody
        case .models:
            return models.catalog.list
        case .openAPI:
            return openAPI.text(of: models.catalog, limits, asksForKeys: access.isOn)
        case .metrics:
            throw .unknownPath
        case .server: return ProtocolPages.server(models.control)
        case .names: return ProtocolPages.names(models.catalog)
        case .metadata:
            let catalog = models.catalog
            return catalog.metadata(try catalog.entry(match))
        case .modelReady:
            let entry = try models.catalog.entry(match)
            guard !readiness.isDraining else {
                throw .notReady(reason: "the server is shutting down")
            }
            return ProtocolPages.ready(entry)
        case .statistics: return ProtocolPages.statistics([try models.catalog.entry(match)])
        case .allStatistics: return ProtocolPages.statistics(models.catalog.entries)
        case .card:
            let catalog = models.catalog
            return catalog.card(try catalog.entry(match))
        }
    }

    /// The metrics, in the format the client would rather have.
    func metricsPage(for request: HTTPRequest) throws(APIError) -> ServerResponse {
        guard let metrics else { throw .unknownPath }
        let accept = request.headerFields[values: .accept].joined(separator: ",")
        let format = ExpositionFormat(accept: accept)
        return ServerResponse(
            head: HTTPResponse(
                status: .ok,
                headerFields: [.contentType: format.mediaType, .vary: "Accept"]
            ),
            body: metrics.registry.exposition(format)
        )
    }
}
