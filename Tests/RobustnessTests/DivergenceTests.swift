import Robustness
import Testing

@Suite struct DivergenceTests {
    /// By hand: k(a, b) = exp(−(a − b)² / 20).
    @Test func `the discrepancy of one pair is the sum of its four kernels`() {
        let estimate = MaximumMeanDiscrepancy.squared([0, 2], [1, 5], dimension: 1)
        // k(0, 2) + k(1, 5) − k(0, 5) − k(2, 1)
        let expected = 0.818_730_753 + 0.449_328_964 - 0.286_504_797 - 0.951_229_425
        #expect(abs(estimate.mean - expected) < 1e-8)
    }

    @Test func `the discrepancy of a sample from itself is zero`() {
        let sample: [Float] = [1, 2, 3, 4, 5, 6, 7, 9]
        #expect(MaximumMeanDiscrepancy.squared(sample, sample, dimension: 2).mean == 0)
    }

    @Test func `a mean has the standard error of its values`() {
        let estimate = MonteCarloEstimate([1, 2, 3, 6])
        #expect(estimate.mean == 3)
        #expect(abs(estimate.standardError - (14.0 / 3 / 4).squareRoot()) < 1e-12)
    }
}
