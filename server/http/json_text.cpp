#include "server/http/json_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::server {

namespace {

// Copies JSON text and puts quotes around the numbers in it.
void append_json_with_quoted_numbers(std::string& out, std::string_view json) {
  for (std::size_t i = 0; i < json.size();) {
    std::size_t end = i + 1;
    if (json[i] == '"') {
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
      out.append(json.substr(i, end - i));
    } else if (json[i] == '-' || (json[i] >= '0' && json[i] <= '9')) {
      end = std::min(json.find_first_not_of("0123456789+-.eE", i), json.size());
      out += '"';
      out.append(json.substr(i, end - i));
      out += '"';
    } else {
      out += json[i];
    }
    i = end;
  }
}

// The elements from `next` on that make up dimension `depth`.
void append_dimension(std::string& out, const Type& element, const ArrayValue& array,
                      std::size_t depth, std::size_t& next) {
  out += '[';
  for (std::int32_t i = 0; i < array.dimensions[depth].length; ++i) {
    if (i > 0) out += ',';
    if (depth + 1 < array.dimensions.size()) {
      append_dimension(out, element, array, depth + 1, next);
    } else {
      append_json_value(out, element, array.elements[next++]);
    }
  }
  out += ']';
}

void append_array(std::string& out, const Type& type, std::string_view bytes) {
  const ArrayValue array = decode_array(type, bytes);
  if (array.dimensions.empty()) {
    out += "[]";
    return;
  }
  std::size_t next = 0;
  append_dimension(out, type.element(), array, 0, next);
}

void append_list(std::string& out, const Type& type, std::string_view bytes) {
  out += '[';
  const char* separator = "";
  for (const Value& element : decode_list(type, bytes)) {
    out += std::exchange(separator, ",");
    append_json_value(out, type.element(), element);
  }
  out += ']';
}

void append_map(std::string& out, const Type& type, std::string_view bytes) {
  out += '{';
  const char* separator = "";
  for (const auto& [key, value] : decode_map(type, bytes).entries) {
    out += std::exchange(separator, ",");
    append_json_string(out, key);
    out += ':';
    append_json_value(out, type.element(), value);
  }
  out += '}';
}

void append_record(std::string& out, const Type& type, std::string_view bytes) {
  const std::vector<Value> fields = decode_record(type, bytes);
  out += '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, type.fields()[i].name);
    out += ':';
    append_json_value(out, type.fields()[i].type, fields[i]);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json_value(std::string& out, const Type& type, const Value& value) {
  if (is_null(value)) {
    out += "null";
    return;
  }
  switch (type.id()) {
    case TypeId::boolean:
      out += std::get<bool>(value) ? "true" : "false";
      return;
    case TypeId::jsonb:
      append_json_with_quoted_numbers(out, std::get<std::string>(value));
      return;
    case TypeId::array:
      append_array(out, type, std::get<std::string>(value));
      return;
    case TypeId::list:
      append_list(out, type, std::get<std::string>(value));
      return;
    case TypeId::map:
      append_map(out, type, std::get<std::string>(value));
      return;
    case TypeId::record:
      append_record(out, type, std::get<std::string>(value));
      return;
    default:
      append_json_string(out, to_text(type, value));
  }
}

}  // namespace tailrace::server
