/// A line chart on its way to an image.
struct LineChartDrawing {
    private let chart: LineChart
    private let xGeometry: AxisGeometry
    private let yGeometry: AxisGeometry

    /// Width and height of the image.
    private static let size = (width: 640.0, height: 400.0)
    /// The frame around the lines.
    private static let frame = (left: 68.0, top: 40.0, right: 620.0, bottom: 348.0)
    /// Paul Tol's bright scheme, which people with any colour vision tell apart.
    private static let colours = [
        "#4477aa", "#ee6677", "#228833", "#aa3377", "#ccbb44", "#66ccee", "#777777",
    ]

    /// The colour of a line.
    private static func colour(of series: LineChart.Series, at index: Int) -> String {
        colours[(series.colour ?? index) % colours.count]
    }

    /// Fits the axes.
    init(_ chart: LineChart) {
        self.chart = chart
        xGeometry = AxisGeometry(
            chart.xAxis,
            values: chart.series.flatMap(\.x) + chart.marks.map(\.x)
        )
        yGeometry = AxisGeometry(
            chart.yAxis,
            values: chart.series.flatMap(\.y) + chart.marks.map(\.y)
        )
    }

    /// The text of the file.
    var svg: String {
        let (width, height) = Self.size
        let frame = Self.frame
        var lines = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(text(width)) \(text(height))" \
            width="\(text(width))" height="\(text(height))" \
            font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333333">
            """,
            "<title>\(escaped(chart.title))</title>",
            #"<rect width="100%" height="100%" fill="white"/>"#,
            """
            <clipPath id="frame"><rect x="\(text(frame.left))" y="\(text(frame.top))" \
            width="\(text(frame.right - frame.left))" \
            height="\(text(frame.bottom - frame.top))"/></clipPath>
            """,
            label(chart.title, x: width / 2, y: 24, anchor: "middle", size: 15),
        ]
        lines += grid
        lines.append(#"<g clip-path="url(#frame)" fill="none" stroke-width="1.5">"#)
        for (index, series) in chart.series.enumerated() {
            let dash = series.isDashed ? #" stroke-dasharray="5 3""# : ""
            let stroke = Self.colour(of: series, at: index)
            lines.append(#"<path d="\#(path(of: series))" stroke="\#(stroke)"\#(dash)/>"#)
        }
        lines.append("</g>")
        lines += chart.marks.flatMap(drawing(of:))
        lines += legend
        return lines.joined(separator: "\n") + "\n</svg>\n"
    }

    /// Frame, grid, numbers and labels of the axes.
    private var grid: [String] {
        let frame = Self.frame
        var lines: [String] = []
        for tick in xGeometry.ticks {
            guard let x = horizontal(tick.value) else { continue }
            lines.append(rule(fromX: x, y: frame.top, toX: x, y: frame.bottom))
            lines.append(label(tick.description, x: x, y: frame.bottom + 18, anchor: "middle"))
        }
        for tick in yGeometry.ticks {
            guard let y = vertical(tick.value) else { continue }
            lines.append(rule(fromX: frame.left, y: y, toX: frame.right, y: y))
            lines.append(label(tick.description, x: frame.left - 8, y: y + 4, anchor: "end"))
        }
        lines.append(
            """
            <path d="M\(text(frame.left)) \(text(frame.top))V\(text(frame.bottom))\
            H\(text(frame.right))" fill="none" stroke="#777777"/>
            """
        )
        let middle = (frame.left + frame.right) / 2
        lines.append(label(chart.xAxis.label, x: middle, y: frame.bottom + 40, anchor: "middle"))
        let centre = text((frame.top + frame.bottom) / 2)
        lines.append(
            """
            <text transform="translate(16 \(centre)) rotate(-90)" text-anchor="middle">\
            \(escaped(chart.yAxis.label))</text>
            """
        )
        return lines
    }

    /// The names of the lines, in the corner where they hide least.
    private var legend: [String] {
        let names = chart.series.map(\.name)
        guard names.count > 1, let longest = names.map(\.count).max() else { return [] }
        let width = 44 + 6.5 * Double(longest)
        let height = Double(names.count) * 18 + 8
        let (left, top) = legendPlace(width: width, height: height)
        var lines = [
            """
            <rect x="\(text(left))" y="\(text(top))" width="\(text(width))" \
            height="\(text(height))" fill="#ffffff" fill-opacity="0.85" stroke="#dddddd"/>
            """
        ]
        for (index, series) in chart.series.enumerated() {
            let y = top + 13 + 18 * Double(index)
            let dash = series.isDashed ? #" stroke-dasharray="5 3""# : ""
            lines.append(
                """
                <path d="M\(text(left + 8)) \(text(y))h24" stroke-width="2" \
                stroke="\(Self.colour(of: series, at: index))"\(dash)/>
                """
            )
            lines.append(label(series.name, x: left + 38, y: y + 4, anchor: "start"))
        }
        return lines
    }

    /// Where the legend begins: in the corner with the least of the lines, the upper right one first.
    private func legendPlace(width: Double, height: Double) -> (left: Double, top: Double) {
        let frame = Self.frame
        let corners = [frame.top + 6, frame.bottom - height - 6].flatMap { top in
            [frame.right - width - 6, frame.left + 6].map { (left: $0, top: top) }
        }
        let places = chart.series.flatMap(placesAlong)
        func hidden(_ corner: (left: Double, top: Double)) -> Int {
            places.count {
                $0.x >= corner.left && $0.x <= corner.left + width && $0.y >= corner.top
                    && $0.y <= corner.top + height
            }
        }
        return corners.min { hidden($0) < hidden($1) } ?? corners[0]
    }

    /// Places along a line, some of each piece.
    private func placesAlong(_ series: LineChart.Series) -> [(x: Double, y: Double)] {
        let points = zip(series.x, series.y).map { (horizontal($0), vertical($1)) }
        return zip(points, points.dropFirst()).flatMap { start, end -> [(x: Double, y: Double)] in
            guard let x = start.0, let y = start.1, let nextX = end.0, let nextY = end.1 else {
                return []
            }
            let pieces = 16
            return (0...pieces).map { piece in
                let share = Double(piece) / Double(pieces)
                return (x + share * (nextX - x), y + share * (nextY - y))
            }
        }
    }

    /// A circle with its words, on the side that has room for them; nothing outside the frame.
    private func drawing(of mark: LineChart.Mark) -> [String] {
        let frame = Self.frame
        guard let x = horizontal(mark.x), let y = vertical(mark.y), x >= frame.left,
            x <= frame.right, y >= frame.top, y <= frame.bottom
        else { return [] }
        let isLeft = x > (frame.left + frame.right) / 2
        let words = label(
            mark.label,
            x: isLeft ? x - 4 : x + 4,
            y: y - 10 < frame.top + 12 ? y + 18 : y - 10,
            anchor: isLeft ? "end" : "start"
        )
        return [
            """
            <circle cx="\(text(x))" cy="\(text(y))" r="4" fill="none" stroke="#333333" \
            stroke-width="1.5"/>
            """,
            // A light edge, so that the words stay readable over a line.
            #"<g stroke="white" stroke-width="4" stroke-linejoin="round">\#(words)</g>"#,
            words,
        ]
    }

    /// The path of a line; a long one keeps the extremes of each quarter of a pixel.
    private func path(of series: LineChart.Series) -> String {
        var path = ""
        var isParted = true
        var column: (place: Double, low: Double, high: Double, last: Double)?
        func flush() {
            guard let (place, low, high, last) = column else { return }
            column = nil
            path += "\(isParted ? "M" : "L")\(text(place)) \(text(low))"
            if high > low { path += "V\(text(high))" }
            if last < high { path += "V\(text(last))" }
            isParted = false
        }
        for (x, y) in zip(series.x, series.y) {
            guard let x = horizontal(x), let y = vertical(y) else {
                flush()
                isParted = true
                continue
            }
            let place = (x * 4).rounded() / 4
            if let (current, low, high, _) = column, current == place {
                column = (place, min(low, y), max(high, y), y)
            } else {
                flush()
                column = (place, y, y, y)
            }
        }
        flush()
        return path
    }

    /// A line of the grid.
    private func rule(fromX: Double, y fromY: Double, toX: Double, y toY: Double) -> String {
        """
        <path d="M\(text(fromX)) \(text(fromY))L\(text(toX)) \(text(toY))" stroke="#e6e6e6"/>
        """
    }

    /// A text.
    private func label(
        _ words: String,
        x: Double,
        y: Double,
        anchor: String,
        size: Double? = nil
    ) -> String {
        let size = size.map { #" font-size="\#(text($0))""# } ?? ""
        return """
            <text x="\(text(x))" y="\(text(y))" text-anchor="\(anchor)"\(size)>\
            \(escaped(words))</text>
            """
    }

    /// The horizontal place of a value in the image.
    private func horizontal(_ value: Double) -> Double? {
        xGeometry.place(of: value).map {
            Self.frame.left + bounded($0) * (Self.frame.right - Self.frame.left)
        }
    }

    /// The vertical place of a value in the image.
    private func vertical(_ value: Double) -> Double? {
        yGeometry.place(of: value).map {
            Self.frame.bottom - bounded($0) * (Self.frame.bottom - Self.frame.top)
        }
    }

    /// A place near enough to the frame for any program to draw; the frame cuts lines off.
    private func bounded(_ place: Double) -> Double { min(max(place, -20), 21) }

    /// A coordinate, to a hundredth of a pixel.
    private func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    /// A text without the characters that mean something to XML, or nothing at all.
    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
                result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
