#include "repr/sort_codes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "repr/value_order.hpp"

namespace tailrace {

namespace {

static_assert(std::numeric_limits<__int128>::is_specialized);

using Rows = std::span<const std::uint32_t>;

constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();

// Values in [0, range] ascending; adds NULL on its side and turns the order round if asked.
template <class Get>
SortCodes bounded_codes(const SortColumn& by, Rows rows, std::uint64_t range, bool exact, Get get) {
  const Column& column = *by.column;
  const bool nulls = column.has_nulls();
  int lost = 0;
  if (nulls && range == all_bits) {  // make room for NULL
    lost = 1;
    range >>= 1;
    exact = false;
  }
  SortCodes result;
  result.exact = exact;
  result.bits = static_cast<int>(std::bit_width(range + (nulls ? 1 : 0)));
  result.codes.resize(rows.size());
  const std::uint64_t base = nulls && by.nulls_first ? 1 : 0;
  const std::uint64_t code_of_null = by.nulls_first ? 0 : range + 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (nulls && column.is_null(rows[i])) {
      result.codes[i] = code_of_null;
    } else {
      const std::uint64_t value = get(rows[i]) >> lost;
      result.codes[i] = base + (by.descending ? range - value : value);
    }
  }
  return result;
}

template <class T, class Get>
SortCodes integer_codes(const SortColumn& by, Rows rows, bool exact, Get get) {
  T least = std::numeric_limits<T>::max();
  T greatest = std::numeric_limits<T>::min();
  for (std::uint32_t row : rows) {
    if (by.column->is_null(row)) continue;
    least = std::min(least, get(row));
    greatest = std::max(greatest, get(row));
  }
  if (least > greatest) least = greatest = 0;
  using Unsigned = std::conditional_t<sizeof(T) == 16, unsigned __int128, std::uint64_t>;
  const Unsigned range = static_cast<Unsigned>(greatest) - static_cast<Unsigned>(least);
  const auto above_least = [=](std::uint32_t row) {
    return static_cast<Unsigned>(get(row)) - static_cast<Unsigned>(least);
  };
  if constexpr (sizeof(T) > sizeof(std::uint64_t)) {
    if (range > all_bits) {
      const int shift = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(range >> 64)));
      return bounded_codes(by, rows, all_bits, false, [=](std::uint32_t row) {
        return static_cast<std::uint64_t>(above_least(row) >> shift);
      });
    }
  }
  return bounded_codes(by, rows, static_cast<std::uint64_t>(range), exact, [=](std::uint32_t row) {
    return static_cast<std::uint64_t>(above_least(row));
  });
}

template <class T>
SortCodes integer_codes(const SortColumn& by, Rows rows) {
  const T* values = by.column->values<T>().data();
  return integer_codes<T>(by, rows, true, [values](std::uint32_t row) { return values[row]; });
}

template <class Float, class Bits>
SortCodes float_codes(const SortColumn& by, Rows rows, Equality equality) {
  const Float* values = by.column->values<Float>().data();
  constexpr Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  return bounded_codes(
      by, rows, std::numeric_limits<Bits>::max(), true, [=](std::uint32_t row) -> std::uint64_t {
        Float value = values[row];
        if (value != value) return std::numeric_limits<Bits>::max();
        if (equality == Equality::sql) value += Float{0};  // -0 + 0 is 0
        const auto bits = std::bit_cast<Bits>(value);
        return (bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign);
      });
}

// The largest field that differs among the rows; the next ones have their turn among rows where it
// does not.
SortCodes interval_codes(const SortColumn& by, Rows rows) {
  const Interval* values = by.column->values<Interval>().data();
  SortCodes codes = integer_codes<std::int32_t>(
      by, rows, false, [=](std::uint32_t row) { return values[row].months; });
  if (codes.bits > (by.column->has_nulls() ? 1 : 0)) return codes;
  codes = integer_codes<std::int32_t>(by, rows, false,
                                      [=](std::uint32_t row) { return values[row].days; });
  if (codes.bits > (by.column->has_nulls() ? 1 : 0)) return codes;
  return integer_codes<std::int64_t>(by, rows, true,
                                     [=](std::uint32_t row) { return values[row].microseconds; });
}

// The first eight bytes, or fewer and zeros, as a number that orders like them.
std::uint64_t first_eight(std::string_view bytes) {
  std::uint64_t word = 0;
  if (!bytes.empty()) std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
  return __builtin_bswap64(word);
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  if (length == 0 || std::memcmp(a.data(), b.data(), length) == 0) return length;
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

// What follows the prefix that all strings share. Up to seven bytes of it go in whole, with their
// number behind.
template <class Get>
SortCodes string_codes(const SortColumn& by, Rows rows, bool exact, Get get) {
  std::string_view prefix;
  std::size_t longest = 0;
  bool any = false;
  for (std::uint32_t row : rows) {
    if (by.column->is_null(row)) continue;
    const std::string_view bytes = get(row);
    prefix = any ? prefix.substr(0, common_prefix(prefix, bytes)) : bytes;
    longest = std::max(longest, bytes.size());
    any = true;
  }
  const std::size_t skipped = prefix.size();
  const std::size_t length = longest - skipped;
  if (length == 0)
    return bounded_codes(by, rows, 0, exact, [](std::uint32_t) { return std::uint64_t{0}; });
  if (length <= 7) {
    constexpr int count_bits = 3;
    const int shift = static_cast<int>(64 - 8 * length);
    const std::uint64_t range = (std::uint64_t{1} << (8 * length + count_bits)) - 1;
    return bounded_codes(by, rows, range, exact, [=](std::uint32_t row) {
      const std::string_view rest = get(row).substr(skipped);
      return (first_eight(rest) >> shift) << count_bits | rest.size();
    });
  }
  return bounded_codes(by, rows, all_bits, false,
                       [=](std::uint32_t row) { return first_eight(get(row).substr(skipped)); });
}

}  // namespace

SortCodes sort_codes(const SortColumn& by, Rows rows, Equality equality) {
  const Column& column = *by.column;
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
      return interval_codes(by, rows);
    case Layout::uuid: {
      const Uuid* values = column.values<Uuid>().data();
      return string_codes(by, rows, true, [=](std::uint32_t row) {
        return std::string_view(reinterpret_cast<const char*>(values[row].bytes.data()),
                                sizeof(Uuid));
      });
    }
    case Layout::numeric:
      return {std::vector<std::uint64_t>(rows.size(), 0), 0, false};
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
      return {std::vector<std::uint64_t>(rows.size(), 0), 0, false};
    case TypeId::bpchar:
      return string_codes(by, rows, equality == Equality::sql, [&](std::uint32_t row) {
        return without_trailing_blanks(column.bytes(row));
      });
    default:
      return string_codes(by, rows, true, [&](std::uint32_t row) { return column.bytes(row); });
  }
}

}  // namespace tailrace
