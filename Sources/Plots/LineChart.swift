/// Lines over a common pair of axes, drawn as an SVG image.
///
/// The image is a function of the chart alone, so equal charts give equal bytes. It needs no font
/// and no script, and any browser shows it.
///
/// *Reference*: W3C (2011), Scalable Vector Graphics (SVG) 1.1 (Second Edition).
public struct LineChart: Sendable, Equatable {
    /// A named line.
    public struct Series: Sendable, Equatable {
        /// What the legend calls it.
        public var name: String
        /// The horizontal coordinates of its points.
        public var x: [Double]
        /// The vertical coordinates; as many.
        public var y: [Double]
        /// Whether the line is dashed.
        public var isDashed: Bool
        /// Which of the colours it has; nil for one by its place.
        public var colour: Int?

        /// Makes a line from its points.
        ///
        /// A point without a place on the axes, such as a NaN, parts the line.
        public init(
            _ name: String,
            x: [Double],
            y: [Double],
            isDashed: Bool = false,
            colour: Int? = nil
        ) {
            precondition(x.count == y.count, "\(x.count) x for \(y.count) y")
            self.name = name
            self.x = x
            self.y = y
            self.isDashed = isDashed
            self.colour = colour
        }
    }

    /// A point that is worth a circle and a few words.
    public struct Mark: Sendable, Equatable {
        /// What is written beside it.
        public var label: String
        /// Where it is.
        public var x: Double
        /// Where it is.
        public var y: Double

        /// Makes a mark.
        public init(_ label: String, x: Double, y: Double) {
            self.label = label
            self.x = x
            self.y = y
        }
    }

    /// What is written above the chart.
    public var title: String
    /// The horizontal axis.
    public var xAxis: Axis
    /// The vertical axis.
    public var yAxis: Axis
    /// The lines, each in a colour of its own; there are seven.
    public var series: [Series]
    /// Points of interest.
    public var marks: [Mark]

    /// Makes a chart.
    public init(
        title: String,
        xAxis: Axis,
        yAxis: Axis,
        series: [Series],
        marks: [Mark] = []
    ) {
        self.title = title
        self.xAxis = xAxis
        self.yAxis = yAxis
        self.series = series
        self.marks = marks
    }

    /// The image, as the text of an SVG file.
    public var svg: String { LineChartDrawing(self).svg }
}
