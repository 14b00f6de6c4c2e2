import Autodiff

/// The windows that a convolution or a pooling layer lays over an array `[channels, size…]`.
struct WindowGrid: Sendable, Equatable {
    /// Number of channels.
    var channels: Int
    /// Extent of each axis of the input.
    var input: [Int]
    /// Extent of a window along each axis.
    var window: [Int]
    /// Step from window to window.
    var stride: Int
    /// Zeros before and after each axis.
    var padding: Int
    /// Number of windows along each axis.
    var output: [Int]

    /// Places of one window.
    var windowCount: Int { window.reduce(1, *) }
    /// Number of windows.
    var outputCount: Int { output.reduce(1, *) }

    /// Lays windows over an input; nil when not even one fits.
    init?(channels: Int, input: [Int], window: [Int], stride: Int, padding: Int) {
        self.channels = channels
        self.input = input
        self.window = window
        self.stride = stride
        self.padding = padding
        output = zip(input, window).map { size, window in
            let room = size + 2 * padding - window
            return room < 0 ? 0 : room / stride + 1
        }
        if output.contains(0) { return nil }
    }

    /// The index within one channel that a place of a window reads; nil in the padding.
    private func source(_ place: Int, ofWindow index: Int) -> Int? {
        var place = place
        var index = index
        var result = 0
        var step = 1
        for axis in input.indices.reversed() {
            let coordinate =
                index % output[axis] * stride + place % window[axis] - padding
            guard (0..<input[axis]).contains(coordinate) else { return nil }
            result += coordinate * step
            step *= input[axis]
            index /= output[axis]
            place /= window[axis]
        }
        return result
    }

    /// `[channels, window…, output…, trials]`: what each weight of a kernel meets, window by window.
    func gatherWindows(
        of x: LaneValue,
        trials: Int,
        in program: inout LaneProgram
    ) -> LaneValue {
        let size = input.reduce(1, *)
        let hasPadding = padding > 0
        let padded = hasPadding ? program.concatenate([x, program.literal([0])]) : x
        var indices: [Int] = []
        indices.reserveCapacity(channels * windowCount * outputCount * trials)
        for channel in 0..<channels {
            for place in 0..<windowCount {
                for index in 0..<outputCount {
                    let source = source(place, ofWindow: index)
                    for trial in 0..<trials {
                        indices.append(
                            source.map { (channel * size + $0) * trials + trial } ?? x.width
                        )
                    }
                }
            }
        }
        return program.gather(padded, indices)
    }

    /// `[channels, output…, trials, window…]`: each window's entries side by side.
    func gatherBlocks(of x: LaneValue, trials: Int, in program: inout LaneProgram) -> LaneValue {
        let size = input.reduce(1, *)
        var indices: [Int] = []
        indices.reserveCapacity(channels * windowCount * outputCount * trials)
        for channel in 0..<channels {
            for index in 0..<outputCount {
                for trial in 0..<trials {
                    for place in 0..<windowCount {
                        guard let source = source(place, ofWindow: index) else { continue }
                        indices.append((channel * size + source) * trials + trial)
                    }
                }
            }
        }
        return program.gather(x, indices)
    }
}
