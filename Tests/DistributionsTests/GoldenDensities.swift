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
    GoldenDistribution(
        name: "truncated normal",
        description: .truncatedNormal(
            mean: [0.5, -1.0, 0.0, 2.0],
            standardDeviation: [1.0, 2.0, 0.1, 0.5],
            lower: [-0.5, -.infinity, 2.4, -.infinity],
            upper: [1.0, -3.0, .infinity, .infinity]
        ),
        densities: [
            GoldenDensity(
                theta: [
                    -0.2868634305633807, -3.8450528635527075, 2.4124175220305255, 1.723877177019034,
                ],
                logDensity: 0.7343988304781118
            ),
            GoldenDensity(
                theta: [
                    0.41661056342006103, -8.467933013700026, 2.4003947448774006, 2.5112949533770843,
                ],
                logDensity: -2.396152215709913
            ),
            GoldenDensity(
                theta: [
                    0.20216133923145307, -7.038547699642262, 2.4061301178988344, 1.9233753431722205,
                ],
                logDensity: -0.8910418721466501
            ),
            GoldenDensity(
                theta: [
                    0.9918222405190555, -4.445922508694554, 2.401027563958893, 2.4987903618374947,
                ],
                logDensity: 2.8466751461769584
            ),
        ]
    ),
    GoldenDistribution(
        name: "log-uniform",
        description: .logUniform(lower: [0.001, 5.0], upper: [10.0, 6.0]),
        densities: [
            GoldenDensity(
                theta: [5.7716325416046885, 5.476128651482637],
                logDensity: -3.971696828587635
            ),
            GoldenDensity(
                theta: [1.1262424429163336, 5.396762899877631],
                logDensity: -2.3230295818868743
            ),
            GoldenDensity(
                theta: [0.34343666570409764, 5.599207356911376],
                logDensity: -1.172215931762371
            ),
            GoldenDensity(
                theta: [0.03185616666516799, 5.086159542647315],
                logDensity: 1.3016578132670151
            ),
        ]
    ),
    GoldenDistribution(
        name: "gamma",
        description: .gamma(shape: [0.4, 1.0, 7.5], rate: [2.0, 0.01, 30.0]),
        densities: [
            GoldenDensity(
                theta: [0.2655661775075529, 479.10445596671804, 0.16743590291780175],
                logDensity: -8.31619763570505
            ),
            GoldenDensity(
                theta: [0.09478169526491911, 7.683779287519478, 0.2696833917771357],
                logDensity: -2.611461658801292
            ),
            GoldenDensity(
                theta: [0.02070625196141767, 62.348508812867784, 0.26798646723372377],
                logDensity: -2.0873950249355726
            ),
            GoldenDensity(
                theta: [0.011841330423525379, 139.4894344596142, 0.10300237872217285],
                logDensity: -3.7714465775639927
            ),
        ]
    ),
    GoldenDistribution(
        name: "beta",
        description: .beta(
            alpha: [0.5, 2.0, 30.0],
            beta: [0.5, 5.0, 4.0],
            lower: [0.0, -2.0, 10.0],
            upper: [1.0, 2.0, 11.0]
        ),
        densities: [
            GoldenDensity(
                theta: [0.7104179724621528, -1.1232229704819061, 10.920291682327045],
                logDensity: 1.1619206800400148
            ),
            GoldenDensity(
                theta: [0.5338905702719977, -0.32635957112809, 10.911445360580196],
                logDensity: 0.5706473238709777
            ),
            GoldenDensity(
                theta: [0.6775199425848605, -1.8712676278923905, 10.971182032835259],
                logDensity: -1.4190746791998825
            ),
            GoldenDensity(
                theta: [0.16251122346528785, -1.1980536425289188, 10.892916753503455],
                logDensity: 1.3839617056362459
            ),
        ]
    ),
    GoldenDistribution(
        name: "exponential",
        description: .exponential(rate: [0.2, 40.0]),
        densities: [
            GoldenDensity(
                theta: [0.15820540118026485, 0.0076432411277871],
                logDensity: 1.7420708163322989
            ),
            GoldenDensity(
                theta: [8.861698157197107, 0.04906728060642233],
                logDensity: -1.6555893140164786
            ),
            GoldenDensity(
                theta: [2.829515412096119, 0.007899361302948252],
                logDensity: 1.1975640071426823
            ),
            GoldenDensity(
                theta: [8.817471362977082, 0.036470154897417194],
                logDensity: -1.1428589268122682
            ),
        ]
    ),
]
