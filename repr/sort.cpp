#include "repr/sort.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <numeric>

#include "repr/error.hpp"
#include "repr/sort_codes.hpp"

namespace tailrace {

namespace {

struct Words {
  std::vector<std::uint64_t> words;
  int bits = 0;
  std::size_t decided = 0;  // columns that the words hold in full
};

Words pack(std::span<const SortColumn> columns, std::span<const std::uint32_t> rows,
           Equality equality) {
  Words packed;
  packed.words.assign(rows.size(), 0);
  for (const SortColumn& by : columns) {
    const SortCodes codes = sort_codes(by, rows, equality);
    const int taken = std::min(64 - packed.bits, codes.bits);
    const int lost = codes.bits - taken;
    if (taken > 0) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint64_t above = taken == 64 ? 0 : packed.words[i] << taken;
        packed.words[i] = above | (codes.codes[i] >> lost);
      }
      packed.bits += taken;
    }
    if (lost > 0 || !codes.exact) break;
    ++packed.decided;
    // Rows in order already, no two alike: the other columns decide nothing. That stops at the first pair that is not.
    if (std::ranges::adjacent_find(packed.words, std::greater_equal()) == packed.words.end()) break;
  }
  return packed;
}

struct Entry {
  std::uint64_t word;
  std::uint32_t row;
};

// Least significant digits first, so each pass keeps the order of the passes before it.
void radix_sort(std::vector<Entry>& entries, int bits) {
  constexpr int digit_bits = 11;
  constexpr std::size_t digits = std::size_t{1} << digit_bits;
  std::vector<Entry> other(entries.size());
  std::array<std::uint32_t, digits> starts;
  for (int shift = 0; shift < bits; shift += digit_bits) {
    starts.fill(0);
    for (const Entry& entry : entries) ++starts[(entry.word >> shift) & (digits - 1)];
    if (std::find(starts.begin(), starts.end(), entries.size()) != starts.end()) continue;
    std::exclusive_scan(starts.begin(), starts.end(), starts.begin(), std::uint32_t{0});
    for (const Entry& entry : entries)
      other[starts[(entry.word >> shift) & (digits - 1)]++] = entry;
    entries.swap(other);
  }
}

class Sorter {
 public:
  Sorter(std::span<const SortColumn> columns, Equality equality)
      : columns_(columns), equality_(equality) {}

  // Sorts the rows, which are equal in all columns before `first`. Gives the words of this level,
  // sorted.
  Words sort(std::span<std::uint32_t> rows, std::size_t first, int depth) {
    Words packed = pack(columns_.subspan(first), rows, equality_);
    const std::size_t undecided = first + packed.decided;
    if (is_sorted(rows, packed.words, undecided)) return packed;

    std::vector<Entry> entries(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) entries[i] = {packed.words[i], rows[i]};
    if (rows.size() < radix_rows_min) {
      std::stable_sort(entries.begin(), entries.end(),
                       [](const Entry& a, const Entry& b) { return a.word < b.word; });
    } else {
      radix_sort(entries, packed.bits);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i] = entries[i].row;
      packed.words[i] = entries[i].word;
    }
    if (undecided == columns_.size()) return packed;

    // Where the words decided nothing, another level would not either.
    const bool progress = packed.decided > 0 || packed.words.front() != packed.words.back();
    for (std::size_t begin = 0; begin < rows.size();) {
      std::size_t end = begin + 1;
      while (end < rows.size() && packed.words[end] == packed.words[begin]) ++end;
      const std::span<std::uint32_t> run = rows.subspan(begin, end - begin);
      if (run.size() > compared_rows_max && progress && depth < depth_max) {
        sort(run, undecided, depth + 1);
      } else if (run.size() > 1) {
        compare_all(run, undecided);
      }
      begin = end;
    }
    return packed;
  }

 private:
  static constexpr std::size_t radix_rows_min = 512;    // below, counting costs more than comparing
  static constexpr std::size_t compared_rows_max = 24;  // packing pays above
  static constexpr int depth_max = 64;  // strings that differ late, each from the next

  // Few rows are inserted one by one: std::stable_sort would allocate for each of very many short
  // runs.
  void compare_all(std::span<std::uint32_t> rows, std::size_t first) const {
    if (rows.size() > compared_rows_max) {
      std::stable_sort(rows.begin(), rows.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return compare(first, a, b) < 0; });
      return;
    }
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const std::uint32_t row = rows[i];
      std::size_t to = i;
      for (; to > 0 && compare(first, row, rows[to - 1]) < 0; --to) rows[to] = rows[to - 1];
      rows[to] = row;
    }
  }

  bool is_sorted(std::span<const std::uint32_t> rows, const std::vector<std::uint64_t>& words,
                 std::size_t undecided) const {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (words[i - 1] > words[i]) return false;
      if (words[i - 1] == words[i] && compare(undecided, rows[i - 1], rows[i]) > 0) return false;
    }
    return true;
  }

  int compare(std::size_t first, std::uint32_t a, std::uint32_t b) const {
    for (std::size_t i = first; i < columns_.size(); ++i) {
      const auto& [column, descending, nulls_first] = columns_[i];
      const bool null_a = column->is_null(a);
      const bool null_b = column->is_null(b);
      if (null_a || null_b) {
        if (null_a == null_b) continue;
        return null_a == nulls_first ? -1 : 1;
      }
      const int order = compare_values(*column, a, *column, b, equality_);
      if (order != 0) return descending ? -order : order;
    }
    return 0;
  }

  std::span<const SortColumn> columns_;
  Equality equality_;
};

}  // namespace

SortedRows sort_by_columns(std::span<const SortColumn> columns, std::size_t rows,
                           Equality equality) {
  ensure(rows <= std::numeric_limits<std::uint32_t>::max(), "a batch has at most 2^32 - 1 rows");
  SortedRows result;
  result.rows.resize(rows);
  std::iota(result.rows.begin(), result.rows.end(), 0U);
  Words words = Sorter(columns, equality).sort(result.rows, 0, 0);
  result.words = std::move(words.words);
  result.first_undecided = words.decided;
  return result;
}

std::vector<std::uint32_t> sort_rows(const Batch& batch, std::span<const OrderKey> keys) {
  std::vector<SortColumn> columns;
  columns.reserve(keys.size());
  for (const OrderKey& key : keys) {
    columns.push_back({batch.columns[static_cast<std::size_t>(key.column)].get(), key.descending,
                       key.nulls_first});
  }
  return sort_by_columns(columns, batch.rows, Equality::sql).rows;
}

std::vector<std::uint32_t> sort_rows_by_identity(const Batch& batch, std::span<const int> columns) {
  std::vector<SortColumn> by;
  by.reserve(columns.size());
  for (int column : columns) by.push_back({batch.columns[static_cast<std::size_t>(column)].get()});
  return sort_by_columns(by, batch.rows, Equality::identity).rows;
}

}  // namespace tailrace
