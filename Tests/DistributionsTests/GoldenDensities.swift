import Distributions
import Testing

// Written by Tests/Reference/distributions.py with scipy 1.17.1 and numpy 2.4.6.

struct GoldenDensity: Sendable {
    let theta: [Double]
    let logDensity: Double
}

struct GoldenDistribution: Sendable, CustomTestStringConvertible {
    let name: String
    let description: DistributionDescription
    let densities: [GoldenDensity]

    var testDescription: String { name }
}

let goldenDistributions: [GoldenDistribution] = [
    GoldenDistribution(
        name: "diagonal normal",
        description: .diagonalNormal(
            mean: [-1.5, 0.25, 1000.0],
            standardDeviation: [0.5, 2.0, 0.01]
        ),
        densities: [
            GoldenDensity(
                theta: [-1.9904509581273777, -5.595890681118986, 1000.0148376322286],
                logDensity: -4.005311080985926
            ),
            GoldenDensity(
                theta: [-0.8625150894944918, -2.3973141212539013, 999.9970097348721],
                logDensity: 0.11483812938042659
            ),
            GoldenDensity(
                theta: [-4.205538417567176, -5.0442791275023495, 1000.0064976437039],
                logDensity: -16.50629247499471
            ),
            GoldenDensity(
                theta: [-0.6066787532496098, 0.1961514327284566, 999.9753174909501],
                logDensity: -2.794184836922358
            ),
        ]
    ),
    GoldenDistribution(
        name: "multivariate normal",
        description: .multivariateNormal(
            mean: [-0.373648688063378, 2.1487890977684714, 0.9965057841476685, 0.5764315854877531],
            covariance: [
                3.8214268570919847, -0.2814690149862924, 0.29165134158611633, -2.657495847219809,
                -0.2814690149862924, 3.1558227240573693, 1.6768783543086816, -0.38347962028115395,
                0.29165134158611633, 1.6768783543086816, 3.2377965047401833, -0.7969214772730886,
                -2.657495847219809, -0.38347962028115395, -0.7969214772730886, 5.775827919378448,
            ]
        ),
        densities: [
            GoldenDensity(
                theta: [
                    1.7355150130559216, 1.1354351963316374, 0.2621285210435767, -4.67551752098707,
                ],
                logDensity: -8.847281483794882
            ),
            GoldenDensity(
                theta: [
                    1.3001552620261567, -0.2781640829611079, 3.043769419732782, 1.995490891852556,
                ],
                logDensity: -10.251652213130214
            ),
            GoldenDensity(
                theta: [
                    2.715862053762366, -0.8048209961858546, 0.9113425255678697, 2.6279635743531617,
                ],
                logDensity: -10.668285119614453
            ),
            GoldenDensity(
                theta: [
                    -1.994149034880644, -0.26997498504095185, -1.0824919202812777,
                    0.39776943427756856,
                ],
                logDensity: -7.892643017372879
            ),
        ]
    ),
    GoldenDistribution(
        name: "box uniform",
        description: .boxUniform(lower: [-1.0, 0.0], upper: [1.0, 0.001]),
        densities: [
            GoldenDensity(
                theta: [0.7749722813543476, 0.00042292129218289576],
                logDensity: 6.214608098422191
            ),
            GoldenDensity(
                theta: [0.5840497365918467, 0.0009027866318778934],
                logDensity: 6.214608098422191
            ),
            GoldenDensity(
                theta: [-0.8088669004322189, 0.0004551678781558579],
                logDensity: 6.214608098422191
            ),
        ]
    ),
    GoldenDistribution(
        name: "log-normal",
        description: .logNormal(
            logMean: [-0.916290731874155, -2.0794415416798357],
            logStandardDeviation: [0.5, 0.2]
        ),
        densities: [
            GoldenDensity(
                theta: [0.05560771256882452, 0.13885468304811965],
                logDensity: -2.5962274667362832
            ),
            GoldenDensity(
                theta: [0.13956735270444523, 0.3194044038014374],
                logDensity: -9.643489967560296
            ),
            GoldenDensity(
                theta: [0.3560179242592406, 0.24437430108102864],
                logDensity: -2.738340071548792
            ),
            GoldenDensity(
                theta: [1.0881315638338296, 0.13463305984315818],
                logDensity: 0.3135425670489784
            ),
        ]
    ),
    GoldenDistribution(
        name: "product of a box, a log-normal and a normal",
        description: .product([
            .boxUniform(lower: [2.0], upper: [5.0]),
            .logNormal(logMean: [0.0], logStandardDeviation: [1.0]),
            .diagonalNormal(mean: [0.5], standardDeviation: [3.0]),
        ]),
        densities: [
            GoldenDensity(
                theta: [4.97690840910464, 5.713544397826839, 0.3035933304604479],
                logDensity: -7.298829174642254
            ),
            GoldenDensity(
                theta: [3.1742233862451767, 1.6036854553191744, -0.35086852849010947],
                logDensity: -4.659162710697251
            ),
            GoldenDensity(
                theta: [2.097450917899404, 8.087398075144188, -0.6919364099966178],
                logDensity: -8.389028963937013
            ),
            GoldenDensity(
                theta: [2.654697997782649, 0.6933985987679652, -1.6983977395950134],
                logDensity: -4.004481753903674
            ),
        ]
    ),
]
