import Kernels
import Testing

@Suite struct OuterProductsTests {
    @Test(arguments: [(0, 8), (1, 8), (7, 8), (256, 16), (100, 72)])
    func `the sums are those of the naive twin`(rows: Int, width: Int) {
        var stream = RandomStream(seed: 3)
        let table = (0..<(rows * width)).map { _ in Float(stream.normal()) }
        var sums = [Double](repeating: 1, count: width * width)
        addOuterProducts(of: table, width: width, into: &sums)
        let naive = naiveOuterProducts(of: table.map(Double.init), width: width)
        for row in 0..<width {
            for column in row..<width {
                let place = row * width + column
                let expected = 1 + naive[place]
                #expect(abs(sums[place] - expected) < 1e-4 * (1 + Double(rows).squareRoot()))
            }
        }
    }
}
