// Written by Tests/Reference/calibration.py.

/// Areas and tests by numpy and scipy.
enum GoldenCalibration {
    struct Histogram: Sendable {
        let counts: [Int]
        let statistic: Double
        let pValue: Double
    }

    static let signedArea = 0.0019258735212042235
    static let absoluteArea = 0.06222941596128721
    static let histograms = [
        Histogram(
            counts: [50, 50, 50, 50, 51, 49],
            statistic: 0.04,
            pValue: 0.999983219746512
        ),
        Histogram(
            counts: [10, 20, 15, 5],
            statistic: 10.0,
            pValue: 0.01856613546304325
        ),
        Histogram(
            counts: [100, 80, 60, 40, 20],
            statistic: 66.66666666666667,
            pValue: 1.146128309741985e-13
        ),
        Histogram(
            counts: [300, 10, 10, 10, 10, 10, 10, 10, 10, 300],
            statistic: 1978.8235294117649,
            pValue: 0.0
        ),
        Histogram(
            counts: [
                57, 43, 52, 48, 61, 39, 50, 50, 44, 56, 49, 51, 47, 53, 60, 40, 45, 55, 58, 42,
            ],
            statistic: 16.36,
            pValue: 0.6331397947528488
        ),
    ]
}
