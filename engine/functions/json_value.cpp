#include "engine/functions/json_value.hpp"

#include <cmath>

#include "repr/json.hpp"
#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

void append_dimension(const Type& element, const ArrayValue& array, std::size_t dimension,
                      std::size_t& next, std::string& out) {
  out += '[';
  for (std::int32_t i = 0; i < array.dimensions[dimension].length; ++i) {
    if (i > 0) out += ',';
    if (dimension + 1 < array.dimensions.size()) {
      append_dimension(element, array, dimension + 1, next, out);
    } else {
      append_json(element, array.elements[next++], out);
    }
  }
  out += ']';
}

void append_elements(const Type& element, const std::vector<Value>& values, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    append_json(element, values[i], out);
  }
  out += ']';
}

// Shortest text, but NaN and infinities as strings. What no numeric holds is beyond JSON's numbers
// here.
template <class T>
void append_float(T value, std::string& out) {
  if (std::isnan(value) || std::isinf(value)) {
    append_json_string(std::isnan(value) ? "NaN" : (value > 0 ? "Infinity" : "-Infinity"), out);
  } else {
    out += json_of(std::is_same_v<T, float> ? Numeric::from_float(static_cast<float>(value))
                                            : Numeric::from_double(static_cast<double>(value)));
  }
}

std::string json_text(const Type& type, const Value& value) {
  std::string text;
  append_json(type, value, text);
  return text;
}

}  // namespace

void append_json(const Type& type, const Value& value, std::string& out) {
  if (is_null(value)) {
    out += "null";
    return;
  }
  switch (type.id()) {
    case TypeId::boolean:
      out += std::get<bool>(value) ? "true" : "false";
      return;
    case TypeId::int2:
    case TypeId::int4:
    case TypeId::int8:
    case TypeId::uint2:
    case TypeId::uint4:
    case TypeId::uint8:
      out += to_text(type, value);
      return;
    case TypeId::float4:
      append_float(std::get<float>(value), out);
      return;
    case TypeId::float8:
      append_float(std::get<double>(value), out);
      return;
    case TypeId::jsonb:
      out += std::get<std::string>(value);
      return;
    case TypeId::numeric:
      out += json_of(std::get<Numeric>(value));
      return;
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::name:
    case TypeId::char1:
      append_json_string(std::get<std::string>(value), out);
      return;
    case TypeId::array: {
      const ArrayValue array = decode_array(type, std::get<std::string>(value));
      std::size_t next = 0;
      if (array.dimensions.empty()) {
        out += "[]";
      } else {
        append_dimension(type.element(), array, 0, next, out);
      }
      return;
    }
    case TypeId::list:
      append_elements(type.element(), decode_list(type, std::get<std::string>(value)), out);
      return;
    case TypeId::map: {
      std::vector<std::pair<std::string, std::string>> members;
      for (const auto& [key, entry] : decode_map(type, std::get<std::string>(value)).entries) {
        members.emplace_back(key, json_text(type.element(), entry));
      }
      out += json_object(std::move(members));
      return;
    }
    case TypeId::record: {
      const std::vector<Value> fields = decode_record(type, std::get<std::string>(value));
      std::vector<std::pair<std::string, std::string>> members;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        members.emplace_back(type.fields()[i].name, json_text(type.fields()[i].type, fields[i]));
      }
      out += json_object(std::move(members));
      return;
    }
    default:
      break;
  }
  append_json_string(to_text(type, value, {.flavour = TextFlavour::cast}), out);
}

void append_json(const Column& column, std::size_t row, std::string& out) {
  append_json(column.type(), column.value(row), out);
}

}  // namespace tailrace::engine
