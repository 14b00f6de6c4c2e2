import Hummingbird
import Logging

/// Hummingbird's hello world, on the path where posterior-server answers its liveness probe.
@main
struct Main {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 8081
        let router = Router()
        router.get("/v2/health/live") { _, _ in "Hello, world!" }
        var logger = Logger(label: "hello-hummingbird")
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: logger
        )
        try await application.runService()
    }
}
