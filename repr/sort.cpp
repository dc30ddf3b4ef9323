#include "repr/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>

#include "repr/error.hpp"
#include "repr/value_order.hpp"

namespace tailrace {

namespace {

static_assert(std::numeric_limits<__int128>::is_specialized);

// The order-preserving codes of one column. `bits` of them matter; `exact`: equal codes are equal
// values.
struct Codes {
  std::vector<std::uint64_t> codes;
  int bits = 0;
  bool exact = false;
};

// Values in [0, range] ascending; adds NULL on its side and turns the order round if asked.
template <class Get>
Codes bounded_codes(const SortColumn& by, std::size_t rows, std::uint64_t range, bool exact,
                    Get get) {
  const Column& column = *by.column;
  const bool nulls = column.has_nulls();
  Codes result;
  int lost = 0;
  if (nulls && range == std::numeric_limits<std::uint64_t>::max()) {  // make room for NULL
    lost = 1;
    range >>= 1;
    exact = false;
  }
  result.exact = exact;
  result.bits = static_cast<int>(std::bit_width(range + (nulls ? 1 : 0)));
  result.codes.resize(rows);
  const std::uint64_t base = nulls && by.nulls_first ? 1 : 0;
  const std::uint64_t code_of_null = by.nulls_first ? 0 : range + 1;
  for (std::size_t row = 0; row < rows; ++row) {
    if (nulls && column.is_null(row)) {
      result.codes[row] = code_of_null;
    } else {
      const std::uint64_t value = get(row) >> lost;
      result.codes[row] = base + (by.descending ? range - value : value);
    }
  }
  return result;
}

template <class T>
Codes integer_codes(const SortColumn& by, std::size_t rows) {
  const T* values = by.column->values<T>().data();
  T least = std::numeric_limits<T>::max();
  T greatest = std::numeric_limits<T>::min();
  for (std::size_t row = 0; row < rows; ++row) {
    if (by.column->is_null(row)) continue;
    least = std::min(least, values[row]);
    greatest = std::max(greatest, values[row]);
  }
  if (least > greatest) least = greatest = 0;
  using Unsigned = std::conditional_t<sizeof(T) == 16, unsigned __int128, std::uint64_t>;
  const Unsigned range = static_cast<Unsigned>(greatest) - static_cast<Unsigned>(least);
  if constexpr (sizeof(T) > sizeof(std::uint64_t)) {
    if (range > std::numeric_limits<std::uint64_t>::max()) {
      return bounded_codes(
          by, rows, std::numeric_limits<std::uint64_t>::max(), false, [=](std::size_t row) {
            return static_cast<std::uint64_t>(
                (static_cast<Unsigned>(values[row]) - static_cast<Unsigned>(least)) >> 64);
          });
    }
  }
  return bounded_codes(by, rows, static_cast<std::uint64_t>(range), true, [=](std::size_t row) {
    return static_cast<std::uint64_t>(static_cast<Unsigned>(values[row]) -
                                      static_cast<Unsigned>(least));
  });
}

template <class Float, class Bits>
Codes float_codes(const SortColumn& by, std::size_t rows, Equality equality) {
  const Float* values = by.column->values<Float>().data();
  constexpr Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  return bounded_codes(
      by, rows, std::numeric_limits<Bits>::max(), true, [=](std::size_t row) -> std::uint64_t {
        Float value = values[row];
        if (value != value) return std::numeric_limits<Bits>::max();
        if (equality == Equality::sql) value += Float{0};  // -0 + 0 is 0
        const auto bits = std::bit_cast<Bits>(value);
        return (bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign);
      });
}

std::uint64_t first_eight(std::string_view bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
  return __builtin_bswap64(word);
}

Codes codes_of(const SortColumn& by, std::size_t rows, Equality equality) {
  const Column& column = *by.column;
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  switch (column.layout()) {
    case Layout::bool8:
      return integer_codes<std::uint8_t>(by, rows);
    case Layout::int16:
      return integer_codes<std::int16_t>(by, rows);
    case Layout::int32:
      return integer_codes<std::int32_t>(by, rows);
    case Layout::int64:
    case Layout::decimal64:
      return integer_codes<std::int64_t>(by, rows);
    case Layout::uint16:
      return integer_codes<std::uint16_t>(by, rows);
    case Layout::uint32:
      return integer_codes<std::uint32_t>(by, rows);
    case Layout::uint64:
      return integer_codes<std::uint64_t>(by, rows);
    case Layout::decimal128:
      return integer_codes<__int128>(by, rows);
    case Layout::float32:
      return float_codes<float, std::uint32_t>(by, rows, equality);
    case Layout::float64:
      return float_codes<double, std::uint64_t>(by, rows, equality);
    case Layout::interval:
      return bounded_codes(by, rows, std::numeric_limits<std::uint32_t>::max(), false,
                           [&](std::size_t row) {
                             return static_cast<std::uint64_t>(
                                 static_cast<std::int64_t>(column.values<Interval>()[row].months) +
                                 (std::int64_t{1} << 31));
                           });
    case Layout::uuid:
      return bounded_codes(by, rows, all, false, [&](std::size_t row) {
        return first_eight(
            {reinterpret_cast<const char*>(&column.values<Uuid>()[row]), sizeof(Uuid)});
      });
    case Layout::numeric:
      return {std::vector<std::uint64_t>(rows, 0), 0, false};
    case Layout::bytes:
      break;
  }
  switch (column.type().id()) {
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
    case TypeId::record:
    case TypeId::range:
    case TypeId::int2vector:
      return {std::vector<std::uint64_t>(rows, 0), 0, false};
    case TypeId::bpchar:
      return bounded_codes(by, rows, all, false, [&](std::size_t row) {
        return first_eight(without_trailing_blanks(column.bytes(row)));
      });
    default:
      return bounded_codes(by, rows, all, false,
                           [&](std::size_t row) { return first_eight(column.bytes(row)); });
  }
}

struct Words {
  std::vector<std::uint64_t> words;
  int bits = 0;
  std::size_t first_undecided = 0;
};

Words pack(std::span<const SortColumn> columns, std::size_t rows, Equality equality) {
  Words packed;
  packed.words.assign(rows, 0);
  for (const SortColumn& by : columns) {
    const Codes codes = codes_of(by, rows, equality);
    const int room = 64 - packed.bits;
    const int taken = std::min(room, codes.bits);
    const int lost = codes.bits - taken;
    if (taken > 0) {
      for (std::size_t row = 0; row < rows; ++row) {
        const std::uint64_t above = taken == 64 ? 0 : packed.words[row] << taken;
        packed.words[row] = above | (codes.codes[row] >> lost);
      }
      packed.bits += taken;
    }
    if (lost > 0 || !codes.exact) break;
    ++packed.first_undecided;
  }
  return packed;
}

int compare_from(std::span<const SortColumn> columns, std::size_t first, std::uint32_t a,
                 std::uint32_t b, Equality equality) {
  for (std::size_t i = first; i < columns.size(); ++i) {
    const auto& [column, descending, nulls_first] = columns[i];
    const bool null_a = column->is_null(a);
    const bool null_b = column->is_null(b);
    if (null_a || null_b) {
      if (null_a == null_b) continue;
      return null_a == nulls_first ? -1 : 1;
    }
    const int order = compare_values(*column, a, *column, b, equality);
    if (order != 0) return descending ? -order : order;
  }
  return 0;
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

}  // namespace

SortedRows sort_by_columns(std::span<const SortColumn> columns, std::size_t rows,
                           Equality equality) {
  ensure(rows <= std::numeric_limits<std::uint32_t>::max(), "a batch has at most 2^32 - 1 rows");
  Words packed = pack(columns, rows, equality);
  const std::size_t undecided = packed.first_undecided;
  const bool decided = undecided == columns.size();

  SortedRows result;
  result.first_undecided = undecided;
  bool sorted = true;
  for (std::size_t row = 1; row < rows && sorted; ++row) {
    const std::uint64_t before = packed.words[row - 1];
    const std::uint64_t here = packed.words[row];
    sorted = before < here ||
             (before == here &&
              (decided || compare_from(columns, undecided, static_cast<std::uint32_t>(row - 1),
                                       static_cast<std::uint32_t>(row), equality) <= 0));
  }
  if (sorted) {
    result.rows.resize(rows);
    std::iota(result.rows.begin(), result.rows.end(), 0U);
    result.words = std::move(packed.words);
    return result;
  }

  std::vector<Entry> entries(rows);
  for (std::size_t row = 0; row < rows; ++row)
    entries[row] = {packed.words[row], static_cast<std::uint32_t>(row)};
  if (rows < 512) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.word < b.word; });
  } else {
    radix_sort(entries, packed.bits);
  }
  if (!decided) {
    for (auto begin = entries.begin(); begin != entries.end();) {
      auto end = begin + 1;
      while (end != entries.end() && end->word == begin->word) ++end;
      if (end - begin > 1) {
        std::stable_sort(begin, end, [&](const Entry& a, const Entry& b) {
          return compare_from(columns, undecided, a.row, b.row, equality) < 0;
        });
      }
      begin = end;
    }
  }
  result.rows.resize(rows);
  result.words = std::move(packed.words);
  for (std::size_t i = 0; i < rows; ++i) {
    result.rows[i] = entries[i].row;
    result.words[i] = entries[i].word;
  }
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
