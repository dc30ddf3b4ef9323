// The parts of arrays, lists, maps, JSON and texts as rows.
#include <re2/re2.h>

#include "engine/functions/families.hpp"
#include "engine/functions/pattern.hpp"
#include "engine/functions/utf8.hpp"
#include "repr/error.hpp"
#include "repr/json.hpp"
#include "repr/nested.hpp"

namespace tailrace::engine {

namespace {

using Columns = std::vector<ColumnSchema>;
using Arguments = std::span<const ColumnPtr>;
using Builders = std::span<ColumnBuilder>;
using Kind = Parameter::Kind;

Columns unnest_columns(std::span<const Type> types) {
  return {{"unnest", types[0].element(), true}};
}
Columns unnest_map_columns(std::span<const Type> types) {
  return {{"key", TypeId::text, false}, {"value", types[0].element(), true}};
}

std::size_t unnest_array(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const ArrayValue array = decode_array(arguments[0]->type(), arguments[0]->bytes(row));
  for (const Value& value : array.elements) out[0].append_value(value);
  return array.elements.size();
}

std::size_t unnest_list(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const std::vector<Value> elements = decode_list(arguments[0]->type(), arguments[0]->bytes(row));
  for (const Value& value : elements) out[0].append_value(value);
  return elements.size();
}

std::size_t unnest_map(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const MapValue map = decode_map(arguments[0]->type(), arguments[0]->bytes(row));
  for (const auto& [key, value] : map.entries) {
    out[0].append_bytes(key);
    out[1].append_value(value);
  }
  return map.entries.size();
}

void append_json_text(std::string_view json, ColumnBuilder& out) {
  if (const std::optional<std::string> text = json_as_text(json)) {
    out.append_bytes(*text);
  } else {
    out.append_null();
  }
}

template <TypeId type>
Columns element_columns(std::span<const Type>) {
  return {{"value", type, type == TypeId::text}};
}

template <TypeId type>
Columns member_columns(std::span<const Type>) {
  return {{"key", TypeId::text, false}, {"value", type, type == TypeId::text}};
}

template <bool as_text>
std::size_t json_elements(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const std::string_view json = arguments[0]->bytes(row);
  if (json_kind(json) != JsonKind::array) return 0;
  std::size_t count = 0;
  for (JsonReader reader(json); reader.next(); ++count) {
    if (as_text) {
      append_json_text(reader.value(), out[0]);
    } else {
      out[0].append_bytes(reader.value());
    }
  }
  return count;
}

template <bool as_text>
std::size_t json_members(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const std::string_view json = arguments[0]->bytes(row);
  if (json_kind(json) != JsonKind::object) return 0;
  std::size_t count = 0;
  for (JsonReader reader(json); reader.next(); ++count) {
    out[0].append_bytes(reader.key_text());
    if (as_text) {
      append_json_text(reader.value(), out[1]);
    } else {
      out[1].append_bytes(reader.value());
    }
  }
  return count;
}

Columns key_columns(std::span<const Type>) {
  return {{"jsonb_object_keys", TypeId::text, false}};
}

std::size_t json_keys(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const std::string_view json = arguments[0]->bytes(row);
  if (json_kind(json) != JsonKind::object) return 0;
  std::size_t count = 0;
  for (JsonReader reader(json); reader.next(); ++count) out[0].append_bytes(reader.key_text());
  return count;
}

bool case_insensitive(Arguments arguments, std::size_t row) {
  return arguments.size() > 2 && parse_flags(arguments[2]->bytes(row), false).case_insensitive;
}

Columns split_columns(std::span<const Type>) {
  return {{"regexp_split_to_table", TypeId::text, false}};
}

std::size_t split_by_regex(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const std::vector<std::string> parts = split_by_pattern(
      arguments[0]->bytes(row), arguments[1]->bytes(row), case_insensitive(arguments, row));
  for (const std::string& part : parts) out[0].append_bytes(part);
  return parts.size();
}

Columns matches_columns(std::span<const Type>) {
  return {{"regexp_matches", Type::array_of(TypeId::text), false}};
}

std::size_t matches(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  const PatternFlags flags =
      arguments.size() > 2 ? parse_flags(arguments[2]->bytes(row), true) : PatternFlags();
  const auto regex = compile_pattern(arguments[1]->bytes(row), flags.case_insensitive);
  const std::string_view text = arguments[0]->bytes(row);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) +
                                       1);
  std::size_t count = 0;
  std::size_t from = 0;
  while (from <= text.size() &&
         regex->Match({text.data(), text.size()}, from, text.size(), RE2::UNANCHORED, groups.data(),
                      static_cast<int>(groups.size()))) {
    ArrayValue array;
    for (std::size_t i = groups.size() > 1 ? 1 : 0; i < groups.size(); ++i) {
      array.elements.push_back(groups[i].data() == nullptr ? Value(Null{})
                                                           : Value(groups[i].as_string()));
    }
    array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
    out[0].append_bytes(encode_array(Type::array_of(TypeId::text), array));
    ++count;
    if (!flags.global) break;
    from = static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
    if (groups[0].empty()) {
      if (from >= text.size()) break;
      utf8::next(text, from);
    }
  }
  return count;
}

Columns string_columns(std::span<const Type>) {
  return {{"string_to_table", TypeId::text, true}};
}

std::size_t string_to_table(Arguments arguments, std::size_t row, Builders out, std::size_t) {
  std::string_view text = arguments[0]->bytes(row);
  const bool has_null_text = arguments.size() > 2;
  std::size_t count = 0;
  const auto add = [&](std::string_view part) {
    ++count;
    if (has_null_text && part == arguments[2]->bytes(row)) {
      out[0].append_null();
    } else {
      out[0].append_bytes(part);
    }
  };
  const std::string_view delimiter = arguments[1]->bytes(row);
  if (text.empty()) return 0;
  for (std::size_t at;
       !delimiter.empty() && (at = text.find(delimiter)) != std::string_view::npos;) {
    add(text.substr(0, at));
    text.remove_prefix(at + delimiter.size());
  }
  add(text);
  return count;
}

TableFunction entry(std::string_view name, std::vector<Parameter> takes, std::string_view doc,
                    std::string_view example, decltype(TableFunction::columns) columns,
                    decltype(TableFunction::rows) rows) {
  return {.name = name,
          .takes = std::move(takes),
          .doc = doc,
          .example = example,
          .columns = columns,
          .rows = rows};
}

}  // namespace

std::vector<TableFunction> unnesting_functions() {
  return {
      entry("unnest", {Kind::anyarray}, "The elements, of all dimensions.",
            "unnest(ARRAY[1,2]) = (1), (2)", unnest_columns, unnest_array),
      entry("unnest", {Kind::anylist}, "The elements.", "unnest(LIST[1,2]) = (1), (2)",
            unnest_columns, unnest_list),
      entry("unnest", {Kind::anymap}, "The keys and values.", "unnest(MAP['a' => 1]) = ('a', 1)",
            unnest_map_columns, unnest_map),
      entry("jsonb_array_elements", {TypeId::jsonb}, "The elements of the array.",
            "jsonb_array_elements('[1,2]') = ('1'), ('2')", element_columns<TypeId::jsonb>,
            json_elements<false>),
      entry("jsonb_array_elements_text", {TypeId::jsonb}, "The elements of the array, as text.",
            "jsonb_array_elements_text('[\"a\"]') = ('a')", element_columns<TypeId::text>,
            json_elements<true>),
      entry("jsonb_each", {TypeId::jsonb}, "The members of the object.",
            "jsonb_each('{\"a\":1}') = ('a', '1')", member_columns<TypeId::jsonb>,
            json_members<false>),
      entry("jsonb_each_text", {TypeId::jsonb}, "The members of the object, as text.",
            "jsonb_each_text('{\"a\":\"b\"}') = ('a', 'b')", member_columns<TypeId::text>,
            json_members<true>),
      entry("jsonb_object_keys", {TypeId::jsonb}, "The keys of the object.",
            "jsonb_object_keys('{\"a\":1}') = ('a')", key_columns, json_keys),
  };
}

std::vector<TableFunction> splitting_functions() {
  const std::vector<Parameter> two = {TypeId::text, TypeId::text};
  const std::vector<Parameter> three = {TypeId::text, TypeId::text, TypeId::text};
  return {
      entry("regexp_split_to_table", two, "The parts between the matches.",
            "regexp_split_to_table('a1b', '[0-9]') = ('a'), ('b')", split_columns, split_by_regex),
      entry("regexp_split_to_table", three, "The parts between the matches, with flags.",
            "regexp_split_to_table('aXb', 'x', 'i') = ('a'), ('b')", split_columns, split_by_regex),
      entry("regexp_matches", two, "The groups of the first match.",
            "regexp_matches('ab', '(.)b') = ('{a}')", matches_columns, matches),
      entry("regexp_matches", three, "The groups of the first match, of all with flag g.",
            "regexp_matches('ab', '.', 'g') = ('{a}'), ('{b}')", matches_columns, matches),
      entry("string_to_table", two, "The parts between delimiters.",
            "string_to_table('a,b', ',') = ('a'), ('b')", string_columns, string_to_table),
      entry("string_to_table", three, "The parts between delimiters; one text stands for NULL.",
            "string_to_table('a,-', ',', '-') = ('a'), (NULL)", string_columns, string_to_table),
  };
}

}  // namespace tailrace::engine
