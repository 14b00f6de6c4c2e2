/// The schemas that the document names, requests and answers apart.
enum Components {
    /// All of them, by name.
    static func schemas(_ limits: ServiceLimits) -> [(name: String, schema: Schema)] {
        shared + requests(limits) + answers
    }

    /// What rounds to a finite float32: below the middle of the largest and what would follow it.
    private static let real = Schema.number(
        above: -3.4028235677973366e38,
        below: 3.4028235677973366e38
    )
    private static let seed = Schema.integer(from: 0, to: UInt64.max)

    private static let shared: [(String, Schema)] = [
        (
            "Error",
            .object(required: [("error", .named("Problem"))])
        ),
        (
            "ErrorText",
            .object(required: [("error", .text.about("What was expected and what came."))])
        ),
        (
            "Problem",
            .object(
                required: [
                    ("code", .text.about("A word for programs, which does not change.")),
                    ("message", .text.about("What was expected and what came.")),
                ],
                optional: [("field", .text.about("The part of the request that is wrong."))]
            )
        ),
        (
            "Numbers",
            Schema.list(of: .any([real, .named("Numbers")]), least: 1)
                .about("Numbers within the range of float32, flat or nested.")
        ),
        (
            "ModelSummary",
            .object(
                required: [
                    ("name", .text), ("version", .integer(from: 1)),
                    ("versions", .list(of: .integer(from: 1), least: 1)),
                    ("theta_dim", .integer(from: 1)), ("x_shape", .list(of: .integer(from: 1))),
                ],
                optional: [("summary", .text), ("theta_names", .list(of: .text))]
            )
        ),
        (
            "ModelCard",
            .object(
                required: [
                    ("name", .text), ("version", .integer(from: 1)),
                    ("versions", .list(of: .integer(from: 1), least: 1)),
                ],
                isOpen: true
            )
        ),
    ]

    // MARK: Requests

    private static func requests(_ limits: ServiceLimits) -> [(String, Schema)] {
        let draws = UInt64(limits.draws)
        let samples = Schema.integer(from: 1, to: draws).orNull
        let theta: [(String, Schema)] = [
            (
                "theta",
                Schema.anyList(least: 1)
                    .about("A list of theta, and for observations such a list for each of them.")
            )
        ]
        let unit: [(String, Schema)] = [
            ("epsilon_unit", Schema.text(["data_scale", "absolute"]).orNull)
        ]
        let budget: [(String, Schema)] = [
            ("steps", Schema.integer(from: 1, to: 10_000).orNull),
            ("step_size", Schema.number(above: 0, to: 2).orNull),
            ("restarts", Schema.integer(from: 1, to: 64).orNull),
            ("num_samples", Schema.integer(from: 1, to: min(1000, draws)).orNull),
            ("evaluation_samples", Schema.integer(from: 2, to: min(10_000, draws)).orNull),
        ]
        let size = Schema.number(above: 0, to: 1e12)
        func request(
            required: [(String, Schema)] = [],
            optional: [(String, Schema)] = []
        ) -> Schema {
            let observations: [(String, Schema)] = [
                (
                    "observations",
                    .any([
                        Schema.list(of: .named("Numbers"), least: 1, most: 1),
                        .batch(most: limits.observations), .null,
                    ])
                ), ("observation", Schema.named("Numbers").orNull),
            ]
            return Schema.object(required: required, optional: observations + optional)
                .withEither("observations", "observation")
        }
        let levels: [(String, Schema)] = [
            ("quantiles", Schema.set(of: .number(from: 0, to: 1), most: 64).orNull),
            (
                "credible_intervals",
                Schema.set(of: .number(above: 0, below: 1), most: 64).orNull
            ),
        ]
        let sample: [(String, Schema)] = [
            ("num_samples", Schema.integer(from: 1, to: UInt64(limits.streamedDraws)).orNull),
            ("seed", seed.orNull),
            ("output", Schema.text(["samples", "summary", "both"]).orNull),
            ("log_prob", Schema.boolean.orNull),
        ]
        let attack: [(String, Schema)] = [
            ("norm", Schema.text(["l2", "linf"]).orNull),
            (
                "method",
                Schema.text(["pgd", "adaptive", "fgsm", "eigenvector", "noise"]).orNull
            ), ("clip", Schema.list(of: real, least: 2, most: 2).orNull),
            (
                "objective",
                Schema.text(["kl_clean_attacked", "kl_attacked_clean", "mmd", "nll", "target"])
                    .orNull
            ), ("theta", Schema.anyList(least: 1).orNull),
            ("target", Schema.anyList(least: 1).orNull), ("seed", seed.orNull),
        ]
        let tensor = Schema.object(
            required: [
                ("name", .text(["observation", "theta"])),
                ("shape", .list(of: .integer(from: 0), least: 1)),
                ("datatype", .text(TensorType.allCases.filter { $0.size != nil }.map(\.rawValue))),
            ],
            optional: [
                ("data", Schema.named("Numbers").orNull), ("parameters", Schema.anyObject.orNull),
            ]
        )
        let output = Schema.object(
            required: [("name", .text(InferenceRequest.Output.allCases.map(\.rawValue)))],
            optional: [
                ("parameters", Schema.anyObject.orNull), ("shape", Schema.anyList(least: 0).orNull),
                ("datatype", Schema.text.orNull),
            ]
        )
        return [
            (
                "InferenceRequest",
                .object(
                    required: [("inputs", .list(of: tensor, least: 1))],
                    optional: [
                        ("id", Schema.text.orNull), ("parameters", Schema.anyObject.orNull),
                        ("outputs", Schema.list(of: output).orNull),
                        ("model_name", Schema.text.orNull), ("model_version", Schema.text.orNull),
                    ]
                )
            ), ("SampleRequest", request(optional: sample + levels)),
            (
                "LogProbRequest",
                request(required: theta, optional: [("normalized", Schema.boolean.orNull)])
            ),
            (
                "MapRequest",
                request(optional: [
                    ("num_samples", samples), ("starts", Schema.integer(from: 1, to: 256).orNull),
                    ("seed", seed.orNull),
                ])
            ),
            (
                "CredibleRequest",
                request(
                    required: theta,
                    optional: [("num_samples", samples), ("seed", seed.orNull)]
                )
            ),
            (
                "FisherRequest",
                request(optional: [
                    ("num_samples", Schema.integer(from: 2, to: draws).orNull),
                    ("seed", seed.orNull), ("matrix", Schema.boolean.orNull),
                ])
            ),
            (
                "AttackRequest",
                request(required: [("epsilon", size)], optional: unit + budget + attack)
            ),
            (
                "RobustnessRequest",
                request(
                    required: [("epsilon", .list(of: size, least: 1, most: 16))],
                    optional: unit + budget + [("seed", seed.orNull)]
                )
            ),
        ]
    }

    // MARK: Answers

    private static let answers: [(String, Schema)] = [
        ("SampleAnswer", answer(sampleResult)), ("LogProbAnswer", answer(logProbResult, seed: nil)),
        ("MapAnswer", answer(mapResult)), ("CredibleAnswer", answer(credibleResult)),
        ("FisherAnswer", answer(fisherResult)), ("AttackAnswer", answer(attackResult)),
        ("RobustnessAnswer", answer(robustnessResult, note: .text)),
        ("Summary", summary),
    ]

    private static func answer(
        _ result: Schema,
        seed: Schema? = Components.seed,
        note: Schema? = nil
    ) -> Schema {
        let failure = Schema.object(required: [("error", .named("Problem"))])
        var required: [(String, Schema)] = [("model", .text), ("version", .integer(from: 1))]
        if let seed { required.append(("seed", seed)) }
        if let note { required.append(("note", note)) }
        required.append(("results", .list(of: .any([result, failure]), least: 1)))
        return .object(required: required)
    }

    /// Numbers that go with a posterior restricted to its prior.
    private static let acceptance: [(String, Schema)] = [
        ("acceptance_rate", .number(from: 0, to: 1)),
        ("acceptance_rate_standard_error", .number(from: 0)),
        ("log_acceptance_rate_standard_error", .number(from: 0)),
    ]
    private static let table = Schema.list(of: .list(of: .number))
    /// Log densities; null is −∞.
    private static let densities = Schema.list(of: .numberOrNull)
    private static let standing: [(String, Schema)] = [
        ("percentile", .numberOrNull), ("typicality", .numberOrNull),
    ]

    private static func estimate(_ name: String) -> [(String, Schema)] {
        [(name, .numberOrNull), ("\(name)_standard_error", .numberOrNull)]
    }

    private static let sampleResult = Schema.object(
        optional: [
            ("samples", table), ("log_prob", densities), ("summary", .named("Summary")),
            ("num_samples", .integer(from: 0)),
        ] + acceptance
    )

    private static let summary = Schema.object(required: [
        ("mean", .list(of: .number)), ("std", .list(of: .numberOrNull)),
        ("correlation", .list(of: .list(of: .numberOrNull))),
        ("quantiles", .map(of: .list(of: .number))), ("credible_intervals", .map(of: table)),
    ])

    private static let logProbResult = Schema.object(
        required: [("log_prob", densities)],
        optional: acceptance
    )

    private static let mapResult = Schema.object(required: [
        ("theta", .list(of: .number)), ("log_prob", .numberOrNull), ("converged", .boolean),
        ("starts", .integer(from: 1)),
    ])

    private static let credibleResult = Schema.object(
        required: [
            ("level", .list(of: .number(from: 0, to: 1))),
            ("level_standard_error", .list(of: .number(from: 0))),
        ],
        optional: [("num_samples", .integer(from: 1))] + acceptance
    )

    private static let fisherResult = Schema.object(
        required: estimate("trace") + estimate("largest_eigenvalue") + [
            ("direction", .named("Numbers")),
            ("method", .text(["closed_form", "monte_carlo"])),
        ] + standing,
        optional: [("matrix", table)]
    )

    private static let attackResult = Schema.object(
        required: [
            ("adversarial_observation", .named("Numbers")), ("epsilon_absolute", .number(from: 0)),
            ("perturbation_norm", .number(from: 0)),
        ] + estimate("kl_clean_attacked") + estimate("kl_attacked_clean") + estimate("objective")
    )

    private static let robustnessResult = Schema.object(
        required: [("score", .number(from: 0, to: 1))] + estimate("fisher_trace")
            + estimate("largest_eigenvalue") + [
                ("levels", .list(of: level, least: 1)),
                ("parameter_shift", .list(of: .numberOrNull)),
            ] + standing
    )

    private static let level = Schema.object(
        required: [
            ("epsilon", .number(above: 0)), ("epsilon_absolute", .number(from: 0)),
            ("predicted_kl", .numberOrNull), ("trace_bound_kl", .numberOrNull),
        ] + estimate("attack_kl") + estimate("noise_kl") + [("score", .number(from: 0, to: 1))]
    )
}
