#include "grammar/character_stream.hpp"

#include <algorithm>
#include <cstdint>

#include "repr/error.hpp"

namespace tailrace::grammar {

namespace {

[[noreturn]] void throw_bad_utf8(std::size_t characters_before) {
  throw SqlError(sqlstate::character_not_in_repertoire,
                 "invalid byte sequence for encoding \"UTF8\"")
      .position(static_cast<std::uint32_t>(characters_before + 1));
}

// Decodes strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
std::u32string decode(std::string_view utf8) {
  std::u32string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || i + length > utf8.size()) throw_bad_utf8(out.size());
    char32_t c = length == 1 ? first : first & (0xFF >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(utf8[i + k]);
      if ((next & 0xC0) != 0x80) throw_bad_utf8(out.size());
      c = c << 6 | (next & 0x3F);
    }
    const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) throw_bad_utf8(out.size());
    out.push_back(c);
    i += length;
  }
  return out;
}

}  // namespace

CharacterStream::CharacterStream(std::string_view utf8) : utf8_(utf8) {
  is_ascii_ = std::all_of(utf8.begin(), utf8.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!is_ascii_) characters_ = decode(utf8);
  size_ = is_ascii_ ? utf8.size() : characters_.size();
  if (const std::size_t nul = utf8.find('\0'); nul != std::string_view::npos)
    throw SqlError(sqlstate::character_not_in_repertoire,
                   "invalid byte sequence for encoding \"UTF8\": 0x00");
}

std::size_t CharacterStream::exact(std::size_t index) const {
  if (index >= size_) return antlr4::IntStream::EOF;
  return is_ascii_ ? static_cast<unsigned char>(utf8_[index]) : characters_[index];
}

std::string CharacterStream::text(std::size_t first, std::size_t last) const {
  if (first >= size_ || last < first || last == std::size_t(-1)) return {};
  last = std::min(last, size_ - 1);
  if (is_ascii_) return std::string(utf8_.substr(first, last - first + 1));
  std::string out;
  for (std::size_t i = first; i <= last; ++i) append_utf8(out, characters_[i]);
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace tailrace::grammar
