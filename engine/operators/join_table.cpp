#include "engine/operators/join_table.hpp"

#include <bit>

namespace tailrace::engine {

namespace {

constexpr std::size_t prefetch_distance = 8;

// Keys of one integer column are compared as such.
template <class T>
struct SameInteger {
  const T* a;
  const T* b;
  bool operator()(std::size_t row_a, std::size_t row_b) const { return a[row_a] == b[row_b]; }
};

}  // namespace

JoinTable::JoinTable(Batch rows, std::vector<int> key)
    : rows_(std::move(rows)), key_(std::move(key)) {
  if (key_.empty()) return;
  hash_rows(rows_, key_, Equality::sql, hashes_);
  heads_.assign(std::bit_ceil(rows_.rows * 2 + 1), 0);
  next_.assign(rows_.rows, 0);
  const std::size_t mask = heads_.size() - 1;
  for (std::size_t row = rows_.rows; row-- > 0;) {
    if (row >= prefetch_distance)
      __builtin_prefetch(&heads_[hashes_[row - prefetch_distance] & mask], 1);
    std::uint32_t& head = heads_[hashes_[row] & mask];
    next_[row] = head;
    head = static_cast<std::uint32_t>(row) + 1;
  }
}

std::size_t JoinTable::memory_bytes() const {
  return rows_.memory_bytes() + hashes_.size() * sizeof(std::uint64_t) +
         (heads_.size() + next_.size()) * sizeof(std::uint32_t);
}

std::size_t JoinTable::probe(const Batch& probe, const std::vector<int>& probe_key,
                             const std::vector<std::uint64_t>& hashes, std::size_t from,
                             std::size_t pairs_max, std::vector<std::uint32_t>& probe_rows,
                             std::vector<std::uint32_t>& table_rows) const {
  std::size_t row = from;
  if (key_.empty()) {
    for (; row < probe.rows && probe_rows.size() < pairs_max; ++row) {
      for (std::size_t match = 0; match < rows_.rows; ++match) {
        probe_rows.push_back(static_cast<std::uint32_t>(row));
        table_rows.push_back(static_cast<std::uint32_t>(match));
      }
    }
    return row;
  }
  const std::size_t mask = heads_.size() - 1;
  const auto walk = [&](const auto& same) {
    for (; row < probe.rows && probe_rows.size() < pairs_max; ++row) {
      if (row + prefetch_distance < probe.rows)
        __builtin_prefetch(&heads_[hashes[row + prefetch_distance] & mask]);
      for (std::uint32_t at = heads_[hashes[row] & mask]; at != 0; at = next_[at - 1]) {
        const std::uint32_t match = at - 1;
        if (hashes_[match] != hashes[row] || !same(row, match)) continue;
        probe_rows.push_back(static_cast<std::uint32_t>(row));
        table_rows.push_back(match);
      }
    }
  };
  const Column& a = *probe.columns[static_cast<std::size_t>(probe_key[0])];
  const Column& b = *rows_.columns[static_cast<std::size_t>(key_[0])];
  if (key_.size() == 1 && a.layout() == b.layout() && a.layout() == Layout::int64) {
    walk(SameInteger<std::int64_t>{a.values<std::int64_t>().data(),
                                   b.values<std::int64_t>().data()});
  } else if (key_.size() == 1 && a.layout() == b.layout() && a.layout() == Layout::int32) {
    walk(SameInteger<std::int32_t>{a.values<std::int32_t>().data(),
                                   b.values<std::int32_t>().data()});
  } else {
    walk([&](std::size_t row_a, std::size_t row_b) {
      return equal_rows(probe, row_a, probe_key, rows_, row_b, key_, Equality::sql);
    });
  }
  return row;
}

}  // namespace tailrace::engine
