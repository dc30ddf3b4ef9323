#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "repr/error.hpp"
#include "repr/nested.hpp"
#include "repr/scalar_text.hpp"
#include "repr/value_text.hpp"

namespace tailrace {

namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_null_word(std::string_view text) {
  return text.size() == 4 && (text[0] | 32) == 'n' && (text[1] | 32) == 'u' &&
         (text[2] | 32) == 'l' && (text[3] | 32) == 'l';
}

constexpr int depth_max = 100;  // of lists in lists: more than any type in use, less than the stack

class Parser {
 public:
  Parser(std::string_view text, const char* type, TextOrigin origin)
      : all_(text), rest_(text), type_(type), origin_(origin) {}

  std::string array(const Type& type) {
    ArrayValue array;
    skip_blanks();
    std::vector<ArrayDimension> declared;
    if (rest_.starts_with('[') && origin_ == TextOrigin::upstream) declared = read_bounds();
    if (!rest_.starts_with('{')) fail("Array value must start with \"{\"");
    std::vector<std::int32_t> lengths;
    read_level(type.element(), 0, lengths, array.elements);
    expect_end();
    for (std::int32_t length : lengths) array.dimensions.push_back({1, length});
    array = canonical_array(std::move(array));
    if (!declared.empty()) {
      if (declared.size() != array.dimensions.size())
        fail("Specified array dimensions do not match array contents");
      for (std::size_t i = 0; i < declared.size(); ++i) {
        if (declared[i].length != array.dimensions[i].length) {
          fail("Specified array dimensions do not match array contents");
        }
      }
      array.dimensions = std::move(declared);
    }
    return encode_array(type, array);
  }

  std::string int2vector(const Type& type) {
    ArrayValue array;
    skip_blanks();
    while (!rest_.empty()) {
      const std::size_t length = std::min(rest_.find_first_of(" \t\n\r"), rest_.size());
      array.elements.emplace_back(
          parse_integer<std::int16_t>(rest_.substr(0, length), "int2vector"));
      rest_.remove_prefix(length);
      skip_blanks();
    }
    if (!array.elements.empty())
      array.dimensions = {{0, static_cast<std::int32_t>(array.elements.size())}};
    return encode_array(type, array);
  }

  std::string list(const Type& type, int depth) {
    if (depth > depth_max) fail("nested too deep");
    std::vector<Value> elements;
    open();
    if (!close_if_empty()) {
      do {
        elements.push_back(element(type.element(), ",}", depth));
      } while (next_of_several());
    }
    return encode_list(type, elements);
  }

  std::string map(const Type& type, int depth) {
    if (depth > depth_max) fail("nested too deep");
    MapValue map;
    open();
    if (!close_if_empty()) {
      do {
        skip_blanks();
        bool quoted = false;
        std::string key = token("=,}", quoted);
        if (key.empty() && !quoted) fail("missing key");
        skip_blanks();
        if (!rest_.starts_with("=>")) fail("expected =>");
        rest_.remove_prefix(2);
        map.entries.emplace_back(std::move(key), element(type.element(), ",}", depth));
      } while (next_of_several());
    }
    // Of equal keys the last one counts.
    std::stable_sort(map.entries.begin(), map.entries.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::pair<std::string, Value>> unique;
    for (auto& entry : map.entries) {
      if (!unique.empty() && unique.back().first == entry.first) unique.pop_back();
      unique.push_back(std::move(entry));
    }
    map.entries = std::move(unique);
    return encode_map(type, map);
  }

  std::string range(const Type& type) {
    skip_blanks();
    while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
    std::string lower(rest_);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (lower == "empty") return encode_range(type, {.empty = true});
    RangeValue value;
    if (!rest_.starts_with('[') && !rest_.starts_with('(')) fail_plainly();
    value.lower.inclusive = rest_.front() == '[';
    rest_.remove_prefix(1);
    value.lower.value = bound(type.element(), ",");
    if (!rest_.starts_with(',')) fail_plainly();
    rest_.remove_prefix(1);
    value.upper.value = bound(type.element(), ")]");
    if (rest_.size() != 1) fail_plainly();
    value.upper.inclusive = rest_.front() == ']';
    return encode_range(type, canonical_range(type, std::move(value)));
  }

  void expect_end() {
    skip_blanks();
    if (!rest_.empty()) fail("Junk after closing right brace");
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw SqlError(sqlstate::invalid_text_representation,
                   fmt::format("invalid input syntax for type {}: {}: \"{}\"", type_, why, all_));
  }
  [[noreturn]] void fail_plainly() const { fail_text(type_, all_); }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  void open() {
    skip_blanks();
    if (!rest_.starts_with('{')) fail("expected opening left brace");
    rest_.remove_prefix(1);
  }
  bool close_if_empty() {
    skip_blanks();
    if (!rest_.starts_with('}')) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // After an element: true at a comma, false at the closing brace.
  bool next_of_several() {
    skip_blanks();
    if (rest_.empty()) fail("unterminated value");
    const char c = rest_.front();
    if (c != ',' && c != '}') fail("expected , or }");
    rest_.remove_prefix(1);
    return c == ',';
  }

  // A quoted or bare word up to one of `stops`; bare ones lose the blanks around them.
  std::string token(std::string_view stops, bool& quoted) {
    std::string text;
    if (rest_.starts_with('"')) {
      quoted = true;
      rest_.remove_prefix(1);
      for (;;) {
        if (rest_.empty()) fail("unterminated quoted string");
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '"') return text;
        if (c == '\\') {
          if (rest_.empty()) fail("unterminated quoted string");
          text += rest_.front();
          rest_.remove_prefix(1);
        } else {
          text += c;
        }
      }
    }
    std::size_t solid = 0;  // the length without trailing blanks that are not escaped
    while (!rest_.empty() && stops.find(rest_.front()) == std::string_view::npos) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"' || c == '{') fail(fmt::format("unexpected {} in a value that is not quoted", c));
      const bool escaped = c == '\\';
      if (escaped) {
        if (rest_.empty()) fail("unterminated escape");
        c = rest_.front();
        rest_.remove_prefix(1);
        quoted = true;
      }
      text += c;
      if (escaped || !is_blank(c)) solid = text.size();
    }
    text.resize(solid);
    return text;
  }

  Value element(const Type& type, std::string_view stops, int depth) {
    skip_blanks();
    if (rest_.starts_with('{') && type.id() == TypeId::list) return list(type, depth + 1);
    if (rest_.starts_with('{') && type.id() == TypeId::map) return map(type, depth + 1);
    bool quoted = false;
    const std::string text = token(stops, quoted);
    if (!quoted) {
      if (text.empty()) fail("missing element");
      if (is_null_word(text)) return Null{};
    }
    return parse_value(type, text, origin_);
  }

  // One pair of braces of an array; `lengths` holds what each level must have.
  void read_level(const Type& type, std::size_t level, std::vector<std::int32_t>& lengths,
                  std::vector<Value>& elements) {
    if (level >= 6) fail("number of array dimensions exceeds the maximum allowed (6)");
    open();
    const bool first_here = lengths.size() == level;
    if (first_here) lengths.push_back(0);
    std::int32_t count = 0;
    if (!close_if_empty()) {
      do {
        skip_blanks();
        const bool nested = rest_.starts_with('{');
        // What the first element at this level was decides for all of them.
        if (count > 0 || !first_here) {
          if (nested != (lengths.size() > level + 1)) {
            fail("Multidimensional arrays must have sub-arrays with matching dimensions");
          }
        }
        if (nested) {
          read_level(type, level + 1, lengths, elements);
        } else {
          elements.push_back(element(type, ",}", 0));
        }
        ++count;
      } while (next_of_several());
    }
    if (first_here) {
      lengths[level] = count;
    } else if (lengths[level] != count) {
      fail("Multidimensional arrays must have sub-arrays with matching dimensions");
    }
  }

  // [2:4][0:1]=
  std::vector<ArrayDimension> read_bounds() {
    std::vector<ArrayDimension> bounds;
    const auto number = [&](char stop) {
      std::int32_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc() || end == rest_.data() + rest_.size() || *end != stop)
        fail("array bounds");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()) + 1);
      return value;
    };
    while (rest_.starts_with('[')) {
      rest_.remove_prefix(1);
      const std::int64_t lower = number(':');
      const std::int64_t upper = number(']');
      if (upper < lower || upper - lower >= (1 << 28)) fail("array bounds");
      bounds.push_back(
          {static_cast<std::int32_t>(lower), static_cast<std::int32_t>(upper - lower + 1)});
    }
    if (!rest_.starts_with('=')) fail("array bounds");
    rest_.remove_prefix(1);
    skip_blanks();
    return bounds;
  }

  // Nothing: infinite. Quotes may stand for a part of the text; inside them "" is a quote.
  std::optional<Value> bound(const Type& type, std::string_view stops) {
    std::string text;
    bool any = false;
    bool inside = false;
    while (!rest_.empty() && (inside || stops.find(rest_.front()) == std::string_view::npos)) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      any = true;
      if (c == '\\') {
        if (rest_.empty()) fail_plainly();
        text += rest_.front();
        rest_.remove_prefix(1);
      } else if (c == '"') {
        if (inside && rest_.starts_with('"')) {
          text += '"';
          rest_.remove_prefix(1);
        } else {
          inside = !inside;
        }
      } else {
        text += c;
      }
    }
    if (!any) return std::nullopt;
    return parse_value(type, text, origin_);
  }

  std::string_view all_;
  std::string_view rest_;
  const char* type_;
  TextOrigin origin_;
};

}  // namespace

std::string parse_nested(const Type& type, std::string_view text, TextOrigin origin) {
  switch (type.id()) {
    case TypeId::array:
      return Parser(text, "array", origin).array(type);
    case TypeId::int2vector:
      return Parser(text, "int2vector", origin).int2vector(type);
    case TypeId::list: {
      Parser parser(text, "list", origin);
      std::string bytes = parser.list(type, 0);
      parser.expect_end();
      return bytes;
    }
    case TypeId::map: {
      Parser parser(text, "map", origin);
      std::string bytes = parser.map(type, 0);
      parser.expect_end();
      return bytes;
    }
    case TypeId::range:
      return Parser(text, "range", origin).range(type);
    default:
      throw unsupported("text input of type " + type.name());
  }
}

}  // namespace tailrace
