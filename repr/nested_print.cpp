#include <algorithm>

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

// Elements of arrays, lists and maps: quoted where they would be read as something else.
void append_quoted(std::string_view text, std::string_view special, std::string& out) {
  const bool quote =
      text.empty() || is_null_word(text) || std::any_of(text.begin(), text.end(), [&](char c) {
        return is_blank(c) || special.find(c) != std::string_view::npos;
      });
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// Fields of records and bounds of ranges: quotes and backslashes are doubled.
void append_doubled(std::string_view text, std::string_view special, std::string& out) {
  const bool quote = text.empty() || std::any_of(text.begin(), text.end(), [&](char c) {
                       return is_blank(c) || special.find(c) != std::string_view::npos;
                     });
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += c;
    out += c;
  }
  out += '"';
}

bool has_own_braces(const Type& type) {
  return type.id() == TypeId::list || type.id() == TypeId::map;
}

class Printer {
 public:
  Printer(const TextOptions& options, std::string& out)
      : options_{TextFlavour::wire, options.extra_float_digits}, out_(out) {}

  void print(const Type& type, std::string_view bytes) {
    switch (type.id()) {
      case TypeId::array:
        return array(type, decode_array(type, bytes));
      case TypeId::int2vector:
        return int2vector(decode_array(type, bytes));
      case TypeId::list:
        return list(type, decode_list(type, bytes));
      case TypeId::map:
        return map(type, decode_map(type, bytes));
      case TypeId::record:
        return record(type, decode_record(type, bytes));
      default:
        return range(type, decode_range(type, bytes));
    }
  }

 private:
  std::string_view text_of(const Type& type, const Value& value) {
    scratch_.clear();
    append_value_text(type, value, options_, scratch_);
    return scratch_;
  }

  void element(const Type& type, const Value& value, std::string_view special) {
    if (is_null(value)) {
      out_ += "NULL";
    } else if (has_own_braces(type)) {
      print(type, std::get<std::string>(value));
    } else {
      append_quoted(text_of(type, value), special, out_);
    }
  }

  void array(const Type& type, const ArrayValue& value) {
    const auto& dimensions = value.dimensions;
    if (dimensions.empty()) {
      out_ += "{}";
      return;
    }
    if (std::any_of(dimensions.begin(), dimensions.end(),
                    [](const auto& d) { return d.lower_bound != 1; })) {
      for (const ArrayDimension& dimension : dimensions) {
        out_ += '[';
        append_integer(dimension.lower_bound, out_);
        out_ += ':';
        append_integer(dimension.lower_bound + dimension.length - 1, out_);
        out_ += ']';
      }
      out_ += '=';
    }
    std::size_t next = 0;
    array_level(type, value, 0, next);
  }

  void array_level(const Type& type, const ArrayValue& value, std::size_t level,
                   std::size_t& next) {
    out_ += '{';
    for (std::int32_t i = 0; i < value.dimensions[level].length; ++i) {
      if (i > 0) out_ += ',';
      if (level + 1 < value.dimensions.size()) {
        array_level(type, value, level + 1, next);
      } else {
        element(type.element(), value.elements[next++], "{},\"\\");
      }
    }
    out_ += '}';
  }

  void int2vector(const ArrayValue& value) {
    for (std::size_t i = 0; i < value.elements.size(); ++i) {
      if (i > 0) out_ += ' ';
      append_integer(std::get<std::int16_t>(value.elements[i]), out_);
    }
  }

  void list(const Type& type, const std::vector<Value>& elements) {
    out_ += '{';
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) out_ += ',';
      element(type.element(), elements[i], "{},\"\\");
    }
    out_ += '}';
  }

  void map(const Type& type, const MapValue& value) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, of_key] : value.entries) {
      if (!first) out_ += ',';
      first = false;
      append_quoted(key, "{},\"\\=>", out_);
      out_ += "=>";
      element(type.element(), of_key, "{},\"\\=>");
    }
    out_ += '}';
  }

  void record(const Type& type, const std::vector<Value>& fields) {
    out_ += '(';
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out_ += ',';
      if (!is_null(fields[i]))
        append_doubled(text_of(type.fields()[i].type, fields[i]), "(),\"\\", out_);
    }
    out_ += ')';
  }

  void range(const Type& type, const RangeValue& value) {
    if (value.empty) {
      out_ += "empty";
      return;
    }
    out_ += value.lower.inclusive ? '[' : '(';
    if (value.lower.value)
      append_doubled(text_of(type.element(), *value.lower.value), "()[],\"\\", out_);
    out_ += ',';
    if (value.upper.value)
      append_doubled(text_of(type.element(), *value.upper.value), "()[],\"\\", out_);
    out_ += value.upper.inclusive ? ']' : ')';
  }

  const TextOptions options_;  // booleans inside containers are t and f in both flavours
  std::string& out_;
  std::string scratch_;
};

}  // namespace

void append_nested_text(const Type& type, std::string_view bytes, const TextOptions& options,
                        std::string& out) {
  Printer(options, out).print(type, bytes);
}

}  // namespace tailrace
