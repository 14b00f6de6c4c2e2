import Foundation
import Plots
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite struct LineChartTests {
    /// A chart of one line.
    static func chart(
        x: [Double] = [0, 1, 2],
        y: [Double],
        xAxis: Axis = Axis("epoch"),
        yAxis: Axis = Axis("loss")
    ) -> LineChart {
        LineChart(title: "t", xAxis: xAxis, yAxis: yAxis, series: [.init("a", x: x, y: y)])
    }

    /// The numbers along the vertical axis, from below.
    static func verticalLabels(_ chart: LineChart) -> [String] {
        chart.svg.matches(of: /text-anchor="end">([^<]*)</).map { String($0.output.1) }
    }

    /// The path of the first line.
    static func path(_ chart: LineChart) throws -> String {
        let match = try #require(chart.svg.firstMatch(of: /<path d="([^"]*)" stroke="#4477aa"/))
        return String(match.output.1)
    }

    @Test func `the image is well-formed whatever the texts are`() throws {
        var chart = Self.chart(y: [1, 2, 3])
        chart.title = "a < b & \"c\" > d\u{1}\u{FFFE}"
        chart.series[0].name = "<script>"
        chart.xAxis.label = "θ & x"
        chart.series.append(.init("]]>", x: [0, 2], y: [1, 1], isDashed: true))
        chart.marks = [.init("<&>", x: 1, y: 2)]
        let parser = XMLParser(data: Data(chart.svg.utf8))
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(!chart.svg.contains("<script>"))
    }

    @Test func `a line goes through the places of its points`() throws {
        // The frame is 68...620 by 348...40.
        let path = try Self.path(Self.chart(x: [0, 1, 2], y: [0, 10, 5]))
        #expect(path == "M68 348L344 40L620 194")
    }

    @Test(arguments: [
        ([0.0, 1, 2], 74.0), ([2.0, 1, 0], 505.0),
    ])
    func `the legend stands where it hides no line`(y: [Double], left: Double) throws {
        var chart = Self.chart(y: y)
        chart.series.append(.init("abcdefghij", x: [0, 1, 2], y: y))
        let match = try #require(chart.svg.firstMatch(of: /<rect x="([0-9.]+)" y="46"/))
        #expect(try #require(Double(match.output.1)) == left)
    }

    @Test func `a logarithmic axis places equal factors equally far apart`() throws {
        let chart = Self.chart(
            y: [0.01, 1, 100],
            yAxis: Axis("loss", scale: .logarithmic)
        )
        #expect(try Self.path(chart) == "M68 348L344 194L620 40")
        #expect(
            Self.verticalLabels(chart) == ["0.01", "0.1", "1", "10", "100"]
        )
    }

    @Test(arguments: [
        ([0, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([-2.6, 0.4], ["−2.5", "−2", "−1.5", "−1", "−0.5", "0"]),
        ([0, 1e7], ["0", "2e6", "4e6", "6e6", "8e6", "1e7"]),
        (
            [1e-6, 5e-6],
            ["1e−6", "1.5e−6", "2e−6", "2.5e−6", "3e−6", "3.5e−6", "4e−6", "4.5e−6", "5e−6"]
        ),
        ([1000, 6000], ["1000", "2000", "3000", "4000", "5000", "6000"]),
        ([3, 3], ["1.5", "2", "2.5", "3", "3.5", "4", "4.5"]),
        ([100, 100.001], ["100", "100.0002", "100.0004", "100.0006", "100.0008", "100.001"]),
    ])
    func `ticks are few and round`(y: [Double], labels: [String]) {
        #expect(Self.verticalLabels(Self.chart(x: [0, 1], y: y)) == labels)
    }

    @Test(arguments: [
        ([1, 30], ["1", "2", "5", "10", "20"]),
        ([1e-12, 1e12], ["1e−12", "1e−9", "1e−6", "0.001", "1", "1000", "1e6", "1e9", "1e12"]),
        ([2.1, 4.4], ["2.5", "3", "3.5", "4"]),
    ])
    func `ticks of a logarithmic axis suit its length`(y: [Double], labels: [String]) {
        let axis = Axis("loss", scale: .logarithmic)
        #expect(Self.verticalLabels(Self.chart(x: [0, 1], y: y, yAxis: axis)) == labels)
    }

    @Test(
        arguments: [
            [], [.nan], [.infinity, -.infinity], [1e300, -1e300],
            [.leastNonzeroMagnitude, .leastNormalMagnitude / 8], [0, 0, 0],
            [1e149, -1e149], [.nan, 1, .nan], [1, 1.0.nextUp],
        ] as [[Double]]
    )
    func `any numbers give an image`(y: [Double]) {
        let x = y.indices.map(Double.init)
        for scale in [Axis.Scale.linear, .logarithmic] {
            let chart = Self.chart(
                x: x,
                y: y,
                xAxis: Axis("epoch", scale: scale),
                yAxis: Axis("loss", scale: scale)
            )
            let svg = chart.svg
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            #expect(XMLParser(data: Data(svg.utf8)).parse())
        }
    }

    @Test func `a point without a place parts the line`() throws {
        let path = try Self.path(Self.chart(x: [0, 1, 2, 3, 4], y: [0, 1, .nan, 1, 0]))
        #expect(path.count(where: { $0 == "M" }) == 2)
    }

    @Test func `a long line is thinned but keeps its extremes`() throws {
        let count = 1_000_000
        var y = Array(repeating: 0.5, count: count)
        y[123_456] = 1
        y[654_321] = 0
        let path = try Self.path(Self.chart(x: (0..<count).map(Double.init), y: y))
        #expect(path.utf8.count < 60_000)
        #expect(path.contains("V348") || path.contains(" 348"))
        #expect(path.contains(" 40") || path.contains("V40"))
    }

    @Test func `a range cuts off what lies outside`() throws {
        let chart = Self.chart(y: [0, 1e9, 1], yAxis: Axis("loss", range: 0...2))
        #expect(Self.verticalLabels(chart).last == "2")
        // Far above the frame, but no farther than any program can draw.
        #expect(try Self.path(chart) == "M68 348L344 -6120L620 194")
    }

    @Test func `equal charts give equal bytes`() {
        #expect(Self.chart(y: [1, 2, 3]).svg == Self.chart(y: [1, 2, 3]).svg)
    }
}
