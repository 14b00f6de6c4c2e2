// swift-tools-version: 6.2
import PackageDescription

let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "posterior-server",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "posterior-server", targets: ["PosteriorServer"]),
        .executable(name: "posterior-trainer", targets: ["PosteriorTrainer"]),
        .executable(name: "posterior-benchmark", targets: ["PosteriorBenchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
    ],
    targets: [
        // The numerical engine and the statistics.
        .target(name: "CLaneLoops"),
        .target(name: "Kernels", dependencies: ["CLaneLoops"]),
        .target(name: "Autodiff", dependencies: ["Kernels"]),
        .target(name: "Distributions", dependencies: ["Kernels"]),
        .target(name: "CProcessorFeatures"),
        .target(
            name: "Estimators",
            dependencies: ["Autodiff", "CProcessorFeatures", "Distributions", "Kernels"]
        ),
        .target(name: "Robustness", dependencies: ["Autodiff", "Estimators", "Kernels"]),
        .target(name: "CDigitsDecoder", exclude: ["decoder.bin"]),
        .target(name: "Simulators", dependencies: ["CDigitsDecoder", "Distributions", "Kernels"]),
        .target(
            name: "Training",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "Plots", "SimulationFiles", "Simulators",
                "SystemFiles",
            ]
        ),
        .target(name: "Plots"),
        // Files and the wire.
        .target(name: "SystemFiles"),
        .target(name: "StrictJSON"),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .target(name: "ContentCoding", dependencies: ["CZlib"]),
        .target(name: "NumericArrays"),
        .target(
            name: "SimulationFiles",
            dependencies: ["ContentCoding", "NumericArrays", "SystemFiles"]
        ),
        .target(
            name: "ModelStore",
            dependencies: [
                "Distributions", "Estimators", "Robustness", "StrictJSON", "SystemFiles",
            ]
        ),
        .target(name: "CSystemEvents"),
        .target(name: "OperatingSystem", dependencies: ["CSystemEvents", "SystemFiles"]),
        .target(name: "Credentials", dependencies: ["COpenSSL", "StrictJSON"]),
        .target(name: "MetricsExposition", dependencies: [metrics]),
        .target(name: "HTTPMessages", dependencies: [httpTypes]),
        .target(
            name: "HTTPServing",
            dependencies: [
                "COpenSSL", "CSystemEvents", "HTTPMessages", "OperatingSystem", "SystemFiles",
                httpTypes,
            ]
        ),
        .target(
            name: "PosteriorAPI",
            dependencies: [
                "ContentCoding", "Credentials", "Estimators", "HTTPMessages", "MetricsExposition",
                "ModelStore", "NumericArrays", "Robustness", "StrictJSON", httpTypes, metrics,
            ]
        ),
        // The programs.
        .executableTarget(
            name: "PosteriorServer",
            dependencies: [
                "Credentials", "Estimators", "HTTPMessages", "HTTPServing", "MetricsExposition",
                "ModelStore", "OperatingSystem", "PosteriorAPI", "StrictJSON", "SystemFiles",
                argumentParser, httpTypes, logging, metrics,
            ]
        ),
        .executableTarget(
            name: "PosteriorTrainer",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "ModelStore", "Plots", "Robustness",
                "SimulationFiles", "Simulators", "StrictJSON", "Training", argumentParser,
            ]
        ),
        .executableTarget(
            name: "PosteriorBenchmark",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "Robustness", "Simulators", "StrictJSON",
                "Training", argumentParser,
            ]
        ),
        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["Autodiff", "Kernels"],
            path: "Tests/TestSupport"
        ),
        .target(
            name: "TLSTestSupport",
            dependencies: ["COpenSSL"],
            path: "Tests/TLSTestSupport"
        ),
        .testTarget(
            name: "KernelsTests",
            dependencies: ["Kernels", "TestSupport"],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "AutodiffTests", dependencies: ["Autodiff", "Kernels", "TestSupport"]),
        .testTarget(
            name: "DistributionsTests",
            dependencies: ["Distributions", "Kernels", "TestSupport"]
        ),
        .testTarget(
            name: "EstimatorsTests",
            dependencies: [
                "Autodiff", "Distributions", "Estimators", "Kernels", "ModelStore", "StrictJSON",
                "TestSupport",
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "SimulatorsTests",
            dependencies: ["Distributions", "Kernels", "Simulators"]
        ),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "Plots", "SimulationFiles", "Simulators",
                "Training",
            ]
        ),
        .testTarget(
            name: "SimulationFilesTests",
            dependencies: ["SimulationFiles", "TestSupport"],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "NumericArraysTests", dependencies: ["NumericArrays", "TestSupport"]),
        .testTarget(
            name: "RobustnessTests",
            dependencies: ["Distributions", "Estimators", "Kernels", "Robustness"]
        ),
        .testTarget(name: "OperatingSystemTests", dependencies: ["OperatingSystem"]),
        .testTarget(name: "SystemFilesTests", dependencies: ["SystemFiles"]),
        .testTarget(name: "PlotsTests", dependencies: ["Plots"]),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON", "TestSupport"]),
        .testTarget(
            name: "ModelStoreTests",
            dependencies: [
                "Distributions", "Estimators", "ModelStore", "Robustness", "StrictJSON",
                "TestSupport",
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "ContentCodingTests", dependencies: ["ContentCoding"]),
        .testTarget(name: "CredentialsTests", dependencies: ["Credentials", "StrictJSON"]),
        .testTarget(
            name: "MetricsExpositionTests",
            dependencies: ["MetricsExposition", metrics]
        ),
        .testTarget(
            name: "HTTPMessagesTests",
            dependencies: ["HTTPMessages", "TestSupport", httpTypes]
        ),
        .testTarget(
            name: "HTTPServingTests",
            dependencies: ["COpenSSL", "HTTPMessages", "HTTPServing", "TLSTestSupport", httpTypes]
        ),
        .testTarget(
            name: "PosteriorAPITests",
            dependencies: [
                "ContentCoding", "Credentials", "Distributions", "Estimators", "HTTPMessages",
                "HTTPServing", "MetricsExposition", "ModelStore", "NumericArrays", "PosteriorAPI",
                "Robustness", "StrictJSON", "TestSupport", httpTypes,
            ]
        ),
        // The next two run the programs, which are built with them.
        .testTarget(
            name: "PosteriorTrainerTests",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "ModelStore", "PosteriorTrainer",
                "SimulationFiles", "StrictJSON", "TestSupport",
            ]
        ),
        .testTarget(
            name: "PosteriorServerTests",
            dependencies: [
                "MetricsExposition", "PosteriorAPI", "PosteriorServer", "StrictJSON",
                "TLSTestSupport", "TestSupport",
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "StatisticalTests",
            dependencies: [
                "Distributions", "Estimators", "Kernels", "ModelStore", "Robustness", "Simulators",
                "TestSupport", "Training",
            ]
        ),
    ]
)

let sharedSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
// Lane loops need AVX2 and FMA; PosteriorServer and PosteriorTrainer check for them at start.
#if arch(x86_64)
let laneSettings: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
#else
let laneSettings: [SwiftSetting] = []
#endif
let laneTargets: Set = ["Kernels"]

let targetsInC: Set = ["CDigitsDecoder", "CLaneLoops", "CProcessorFeatures", "CSystemEvents"]

for target in package.targets where target.type != .system && !targetsInC.contains(target.name) {
    let own = (target.swiftSettings ?? []) + sharedSettings
    target.swiftSettings = laneTargets.contains(target.name) ? own + laneSettings : own
}
