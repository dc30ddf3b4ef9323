// A hash table over rows with a key: the build side of a join. Immutable once built; any number of
// threads may probe.
#pragma once

#include <cstdint>
#include <vector>

#include "repr/batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

class JoinTable {
 public:
  // `key`: columns of `rows`, none of them NULL anywhere. None at all: every row matches.
  JoinTable(Batch rows, std::vector<int> key);

  const Batch& rows() const { return rows_; }
  std::size_t memory_bytes() const;

  // Pairs (probe row, row here) with equal keys, in SQL's sense, are appended for probe rows from
  // `from` on, until there are about `pairs_max`. Returns the probe row to go on with. `hashes` are
  // those of the probe's key.
  std::size_t probe(const Batch& probe, const std::vector<int>& probe_key,
                    const std::vector<std::uint64_t>& hashes, std::size_t from,
                    std::size_t pairs_max, std::vector<std::uint32_t>& probe_rows,
                    std::vector<std::uint32_t>& table_rows) const;

 private:
  Batch rows_;
  std::vector<int> key_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> heads_;  // row + 1; 0: none
  std::vector<std::uint32_t> next_;   // likewise
};

}  // namespace tailrace::engine
