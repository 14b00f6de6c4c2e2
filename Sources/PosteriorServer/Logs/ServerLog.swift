import Logging
import OperatingSystem

/// The log of the server: where its lines go, how they look, and which are written.
struct ServerLog: Sendable {
    let sink: LogSink
    let isJSON: Bool
    let level: Logger.Level

    /// Makes the log that the settings ask for, on standard output.
    init(_ settings: ServerSettings) {
        sink = LogSink(descriptor: 1)
        switch LogFormat(rawValue: settings.logFormat) ?? .auto {
        case .auto: isJSON = !sink.isTerminal
        case .json: isJSON = true
        case .text: isJSON = false
        }
        level = Logger.Level(rawValue: settings.logLevel) ?? .info
    }

    /// A logger whose lines go here.
    var logger: Logger {
        Logger(label: "posterior-server") { _ in LogHandler(log: self) }
    }

    /// Whether lines of a level are written.
    func isOn(_ level: Logger.Level) -> Bool { level >= self.level }

    /// Carries swift-log's messages here.
    private struct LogHandler: Logging.LogHandler {
        let log: ServerLog
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]

        init(log: ServerLog) {
            self.log = log
            logLevel = log.level
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var line = LogLine(
                json: log.isJSON,
                level: event.level.rawValue,
                message: event.message.description
            )
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            for (name, value) in all.sorted(by: { $0.key < $1.key }) {
                line.add(name, "\(value)")
            }
            log.sink.append(line.finish())
        }
    }
}
