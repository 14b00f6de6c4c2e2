import StrictJSON

/// All measurements as one JSON document, in the form the scripts in Tests/Peers share.
struct Report {
    var measurements: [Measurement]
    var workers: Int

    var text: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for measurement in measurements {
            writer.beginObject()
            writer.key("name")
            writer.string(measurement.name)
            let quantiles = [
                ("median_seconds", 0.5), ("p25_seconds", 0.25), ("p75_seconds", 0.75),
                ("min_seconds", 0),
            ]
            for (key, share) in quantiles {
                writer.key(key)
                writer.number(measurement.quantile(share))
            }
            writer.key("repetitions")
            writer.integer(measurement.seconds.count)
            if let rate = measurement.gigaflops {
                writer.key("gigaflops")
                writer.number(rate)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("machine")
        writer.beginObject()
        writer.key("threads")
        writer.integer(workers)
        writer.endObject()
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
