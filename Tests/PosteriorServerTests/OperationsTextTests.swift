import Foundation
import MetricsExposition
import PosteriorAPI
import StrictJSON
import TestSupport
import Testing

/// The documentation for operators names all there is, and nothing else.
@Suite struct OperationsTextTests {
    private let text: String

    init() throws {
        let file = ServerProgram.package.appending(path: "deploy/OPERATIONS.md")
        text = try String(contentsOf: file, encoding: .utf8)
    }

    /// All that a pattern finds in the text.
    private func found(_ pattern: String) throws -> Set<String> {
        let expression = try NSRegularExpression(pattern: pattern)
        let all = NSRange(text.startIndex..., in: text)
        return Set(
            expression.matches(in: text, range: all).compactMap { match in
                Range(match.range(at: 1), in: text).map { String(text[$0]) }
            }
        )
    }

    @Test func `every setting is there, by flag or by environment variable`() throws {
        let printed = try ServerProgram().run(["--print-config"]).output
        let keys = try JSONDocument(parsing: Array(printed.utf8)).root.members.map(\.name)
        let flags = Set(keys.map { "--" + $0.replacing("_", with: "-") })
        let variables = Set(keys.map { "POSTERIOR_SERVER_" + $0.uppercased() })
        let named = try found("^\\| `(--[a-z-]+)`").union(found("\n\\| `(--[a-z-]+)`"))
        let secret = flags.subtracting(named)
        #expect(named.subtracting(flags).isEmpty, "not there: \(named.subtracting(flags))")
        #expect(secret.isSubset(of: ["--api-key-ring"]), "not in the text: \(secret)")
        let missing = try variables.subtracting(found("`(POSTERIOR_SERVER_[A-Z_]+)`"))
        #expect(missing.isEmpty, "not in the text: \(missing)")
    }

    @Test func `every default is the one in force`() throws {
        let printed = try ServerProgram().run(["--print-config"]).output
        for setting in try JSONDocument(parsing: Array(printed.utf8)).root.members {
            let value = String(decoding: setting.value.text, as: UTF8.self)
            let cell =
                switch setting.value.kind {
                case .null: ""
                case .boolean: value == "true" ? "yes" : "no"
                default: "`\(setting.value.string ?? value)`"
                }
            let row = "`POSTERIOR_SERVER_\(setting.name.uppercased())` | \(cell) |"
            #expect(text.contains(row), "not in the text: \(row)")
        }
    }

    @Test func `every metric is there`() throws {
        let metrics = Set(ServiceMetrics.definitions.map(\.name))
        let named = try found("\n\\| `((?:posterior|process)_[a-z_]+)`")
        #expect(metrics.subtracting(named).isEmpty, "not in the text")
        #expect(named.subtracting(metrics).isEmpty, "not there")
    }

    @Test func `every status is there`() throws {
        let page = try RunningServer().get("/openapi.json").text
        let paths = try JSONDocument(parsing: Array(page.utf8)).root.member("paths")
        var statuses: Set<String> = ["200", "100"]
        for path in paths?.members ?? [] {
            for method in path.value.members {
                statuses.formUnion(method.value.member("responses")?.members.map(\.name) ?? [])
            }
        }
        // What the protocol answers before any route is looked for, HTTPParseError.
        statuses.formUnion(["400", "408", "413", "414", "417", "431", "500", "501", "503", "505"])
        statuses.formUnion(["401", "403", "405"])
        let named = try found("\n\\| ([1-5][0-9][0-9]) \\|")
        #expect(statuses.subtracting(["default"]).subtracting(named).isEmpty, "not in the text")
    }
}
