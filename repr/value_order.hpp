// What order.hpp's functions share about single values: which types have two equalities, and how
// nested values compare. Private to repr.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "repr/order.hpp"

namespace tailrace {

// Whether SQL-equal values of the type can differ in identity: floats, char, and what contains
// them.
bool identity_is_finer(const Type& type);

inline std::string_view without_trailing_blanks(std::string_view text) {
  constexpr std::uint64_t eight_blanks = 0x2020'2020'2020'2020;
  std::size_t size = text.size();
  for (std::uint64_t word = 0; size >= sizeof(word); size -= sizeof(word)) {
    std::memcpy(&word, text.data() + size - sizeof(word), sizeof(word));
    if (word != eight_blanks) break;
  }
  while (size > 0 && text[size - 1] == ' ') --size;
  return text.substr(0, size);
}

// < 0, 0, > 0: of two values of layout `bytes`.
int compare_bytes(const Type& type, std::string_view a, std::string_view b, Equality equality);

template <class Float>
int compare_floats(Float a, Float b, Equality equality) {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) {
    if (equality == Equality::sql || a != Float{0}) return 0;
    return static_cast<int>(__builtin_signbit(b) != 0) -
           static_cast<int>(__builtin_signbit(a) != 0);
  }
  return static_cast<int>(a != a) - static_cast<int>(b != b);  // NaN is the greatest
}

}  // namespace tailrace
