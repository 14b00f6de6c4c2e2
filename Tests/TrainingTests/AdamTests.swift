import Foundation
import Testing
import Training

@Suite struct AdamTests {
    struct GoldenStep {
        let step: Int
        let weights: [Double]
        let average: [Double]
    }

    // Written by Tests/Reference/training.py.
    static let goldenSteps = [
        GoldenStep(
            step: 1,
            weights: [
                0.009989518882657731, 0.8314819894271073, 0.8992982183552887, 0.13112030138175298,
                -0.7468035122875415, -0.9489243013646124, -0.2694155066631286, 0.6669865644840055,
                0.9793582475479125, 0.40211848549249535, -0.5540211105337657,
            ],
            average: [
                0.0004994759441328865, 0.840971535038857, 0.9087974664021621, 0.1406200227259615,
                -0.7563025461569088, -0.9584242759982121, -0.278915498622136, 0.6574865970070498,
                0.9888582466696083, 0.4116184852542935, -0.5445211108715896,
            ]
        ),
        GoldenStep(
            step: 2,
            weights: [
                0.01998057694044942, 0.8214980991807737, 0.8892968985571335, 0.1211188008827692,
                -0.736836149501209, -0.9389223417509339, -0.2594135336151394, 0.6769516004651878,
                0.9693564485577402, 0.39211638075857025, -0.5640158670665927,
            ],
            average: [
                0.001473530993948713, 0.8399978632459528, 0.9078224380099106, 0.13964496163380186,
                -0.7553292263241238, -0.9574491792858482, -0.27794040037178613, 0.6584598471799566,
                0.987883156764015, 0.41064338002950734, -0.5454958486813397,
            ]
        ),
        GoldenStep(
            step: 10,
            weights: [
                0.10007957883611523, 0.7423421429625426, 0.8090437443322102, 0.04090250041223334,
                -0.6631742069549216, -0.8586789078481221, -0.17917056781323784, 0.7497232133171836,
                0.8891369286726563, 0.31185743067344024, -0.6432278766126468,
            ],
            average: [
                0.023761546112084066, 0.8178415027136976, 0.8855020177772931, 0.11732921798666249,
                -0.7338722368718928, -0.935129302960267, -0.2556205704678946, 0.679806748774723,
                0.9655666381969706, 0.38832127614486583, -0.5676725008323608,
            ]
        ),
        GoldenStep(
            step: 200,
            weights: [
                0.9998126492479226, 0.5403040415569692, -0.4156197220232069, -0.9899645422802754,
                -0.6537154753370723, 0.2839231973313283, 0.9603889856292149, 0.7538664738835371,
                -0.14543154778520473, -0.9106820701441101, -0.8390709067381968,
            ],
            average: [
                0.9985031405197775, 0.5403231536033203, -0.41139352708542765, -0.9873610434765038,
                -0.653650046626625, 0.2800477075981155, 0.9565893138744813, 0.7538952857698064,
                -0.14283445625848115, -0.9064031283803845, -0.8390513931133076,
            ]
        ),
    ]

    @Test func `the trajectory is that of an independent program`() throws {
        let count = 11
        let curvature = (0..<count).map { pow(10, Double($0) / 2 - 3) }
        let centre = (0..<count).map { cos(Double($0)) }
        var adam = Adam(parameters: (0..<count).map { Float(sin(Double($0))) })
        for step in 1...200 {
            let gradient = (0..<count).map { index in
                Float(curvature[index] * (Double(adam.parameters[index]) - centre[index]))
            }
            let length = norm(gradient)
            adam.update(
                gradient: gradient,
                scale: min(1, 0.5 / length),
                learningRate: 0.01,
                averageDecay: 0.95
            )
            guard let golden = Self.goldenSteps.first(where: { $0.step == step }) else { continue }
            // A few roundings of 6e-8 a step, of weights about 1.
            let tolerance = 1e-6 + 1e-7 * Double(step)
            for index in 0..<count {
                #expect(abs(Double(adam.parameters[index]) - golden.weights[index]) < tolerance)
                #expect(abs(Double(adam.average[index]) - golden.average[index]) < tolerance)
            }
        }
        #expect(adam.step == 200)
    }

    struct TorchRun: CustomTestStringConvertible {
        let weightDecay: Double
        let steps: [Int: [Double]]
        var testDescription: String { "weight decay \(weightDecay)" }
    }

    // Written by Tests/Reference/training.py.
    static let torchRuns = [
        TorchRun(
            weightDecay: 0,
            steps: [
                1: [
                    0.00998951888245814, 0.8314819894273168, 0.8992982183553038,
                    0.1311203013817586, -0.7468035122875608, -0.9489243013646128,
                    -0.26941550666312875, 0.6669865644840048, 0.9793582475479126,
                    0.4021184854924954, -0.5540211105337657,
                ],
                10: [
                    0.09782304331753139, 0.7445481425505691, 0.8113063019862373,
                    0.04316313628321068, -0.6650241799571759, -0.8609408514744602,
                    -0.18143248500331466, 0.7479338800518607, 0.8913976747512661,
                    0.3141201410661009, -0.6410212808851496,
                ],
                200: [
                    0.9174912257257944, 0.5402964041189724, -0.12509182447612768,
                    -0.8348335408469559, -0.6536425591469822, 0.05373731644748897,
                    0.7323798799615988, 0.7539019149000586, 0.011991159738990394,
                    -0.6217932386351426, -0.8390787230764597,
                ],
            ]
        ),
        TorchRun(
            weightDecay: 0.5,
            steps: [
                1: [
                    0.00998951888245814, 0.8272746345032773, 0.8947517312211754,
                    0.13041470134145924, -0.7430194998110211, -0.9441296799912972,
                    -0.2680184291721341, 0.6637016314904108, 0.9744114563147956,
                    0.40005789306628664, -0.5513010049793188,
                ],
                10: [
                    0.0956567560546703, 0.7071931018530978, 0.7701021470077365,
                    0.038603031796081544, -0.636930653379804, -0.8173782744592454,
                    -0.17027514147991088, 0.7182417668720232, 0.8463974933443515,
                    0.2966305618204167, -0.61325228762832,
                ],
                200: [
                    0.7929687372605296, 0.5360282145540369, -0.2104342297742001,
                    -0.7246396407335519, -0.6522831172669977, 0.1438398583609501,
                    0.6495568735348465, 0.7524056116933506, -0.07064632640351126,
                    -0.5721815846532707, -0.8282005987771215,
                ],
            ]
        ),
    ]

    @Test(arguments: torchRuns)
    func `the trajectory is that of torch, with and without weight decay`(run: TorchRun) {
        let count = 11
        let curvature = (0..<count).map { pow(10, Double($0) / 2 - 3) }
        let centre = (0..<count).map { cos(Double($0)) }
        var adam = Adam(parameters: (0..<count).map { Float(sin(Double($0))) })
        for step in 1...200 {
            let gradient = (0..<count).map { index in
                Float(curvature[index] * (Double(adam.parameters[index]) - centre[index]))
            }
            adam.update(
                gradient: gradient,
                scale: min(1, 0.5 / norm(gradient)),
                learningRate: 0.01 * (1 - Double(step - 1) / 200),
                weightDecay: run.weightDecay,
                averageDecay: 0
            )
            guard let golden = run.steps[step] else { continue }
            // A few roundings of 6e-8 a step, of weights about 1.
            let tolerance = 1e-6 + 1e-7 * Double(step)
            for (weight, expected) in zip(adam.parameters, golden) {
                #expect(abs(Double(weight) - expected) < tolerance)
            }
        }
    }

    @Test func `decay alone shrinks a weight by the same factor each step`() {
        var adam = Adam(parameters: [1, -4])
        for _ in 0..<3 {
            adam.update(gradient: [0, 0], learningRate: 0.25, weightDecay: 2, averageDecay: 0)
        }
        #expect(adam.parameters == [0.125, -0.5])
    }

    @Test func `a weight without a slope stays where it is`() {
        var adam = Adam(parameters: [1, -2, 3])
        for _ in 0..<10 {
            adam.update(gradient: [0, 1, 0], learningRate: 0.1, averageDecay: 0.5)
        }
        #expect(adam.parameters[0] == 1)
        #expect(adam.parameters[1] < -2)
        #expect(adam.parameters[2] == 3)
        #expect(adam.average[2] == 3)
    }

    @Test func `without averaging the average is the weights`() {
        var adam = Adam(parameters: [0.5, -0.25])
        for step in 0..<20 {
            adam.update(
                gradient: [Float(step), 0.125],
                learningRate: 0.0625,
                averageDecay: 0
            )
            for (average, weight) in zip(adam.average, adam.parameters) {
                #expect(abs(average - weight) <= weight.ulp)
            }
        }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 16, 1001])
    func `the norm is the root of the sum of squares`(count: Int) {
        let gradient = (0..<count).map { Float($0 % 13) - 6.5 }
        let sum = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(norm(gradient) - sum.squareRoot()) <= 1e-12 * max(1, sum))
    }

    @Test func `the norm of huge slopes does not overflow, and that of a NaN is NaN`() {
        #expect(norm([3e38, 3e38]).isFinite)
        #expect(norm(Array(repeating: 0, count: 20) + [.nan]).isNaN)
        #expect(norm([.infinity]) == .infinity)
    }

    @Test func `a gradient of another length is refused`() async {
        await #expect(processExitsWith: .failure) {
            var adam = Adam(parameters: [1, 2])
            adam.update(gradient: [1], learningRate: 0.1, averageDecay: 0.5)
        }
    }
}
