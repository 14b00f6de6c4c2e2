import Kernels
import Testing

@Suite struct OuterProductsTests {
    @Test(arguments: [(0, 1), (1, 1), (7, 1), (256, 2), (100, 9)])
    func `the sums are those of the naive twin`(rows: Int, width: Int) {
        var stream = RandomStream(seed: 3)
        let entries = 8 * width
        let table = (0..<(rows * entries)).map { _ in Float(stream.normal()) }
        let vectors = (0..<(rows * width)).map { vector in
            SIMD8<Float>((0..<8).map { table[8 * vector + $0] })
        }
        var sums = [Double](repeating: 1, count: entries * entries)
        addOuterProducts(of: vectors, width: width, into: &sums)
        let naive = naiveOuterProducts(of: table.map(Double.init), width: entries)
        for row in 0..<entries {
            for column in 0..<entries {
                let place = row * entries + column
                let isAdded = column / 8 >= row / 8
                let expected = isAdded ? 1 + naive[place] : 1
                #expect(abs(sums[place] - expected) < 1e-4 * (1 + Double(rows).squareRoot()))
            }
        }
    }
}
