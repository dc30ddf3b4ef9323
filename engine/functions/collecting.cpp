// Aggregates over all values of a group in order: arrays, lists, texts, JSON.
#include <algorithm>

#include "engine/functions/families.hpp"
#include "engine/functions/json_value.hpp"
#include "repr/error.hpp"
#include "repr/json.hpp"
#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

using Kind = Parameter::Kind;
using Arguments = std::span<const ColumnPtr>;

std::vector<Value> values_of(const ColumnPtr& column) {
  std::vector<Value> values;
  for (std::size_t row = 0; row < column->size(); ++row) values.push_back(column->value(row));
  return values;
}

void array_agg(Arguments arguments, const Type& type, ColumnBuilder& out) {
  ArrayValue array;
  array.elements = values_of(arguments[0]);
  array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
  out.append_bytes(encode_array(type, array));
}

void list_agg(Arguments arguments, const Type& type, ColumnBuilder& out) {
  out.append_bytes(encode_list(type, values_of(arguments[0])));
}

// The separator of the first value is not used; one that is NULL is empty.
void string_agg(Arguments arguments, const Type&, ColumnBuilder& out) {
  std::string joined;
  for (std::size_t row = 0; row < arguments[0]->size(); ++row) {
    if (row > 0 && !arguments[1]->is_null(row)) joined += arguments[1]->bytes(row);
    joined += arguments[0]->bytes(row);
  }
  out.append_bytes(joined);
}

void jsonb_agg(Arguments arguments, const Type&, ColumnBuilder& out) {
  std::vector<std::string> elements(arguments[0]->size());
  for (std::size_t row = 0; row < elements.size(); ++row)
    append_json(*arguments[0], row, elements[row]);
  out.append_bytes(json_array(elements));
}

void jsonb_object_agg(Arguments arguments, const Type&, ColumnBuilder& out) {
  const TextWriter key_writer = text_writer(arguments[0]->type());
  std::vector<std::pair<std::string, std::string>> members(arguments[0]->size());
  for (std::size_t row = 0; row < members.size(); ++row) {
    key_writer(*arguments[0], row, {.flavour = TextFlavour::cast}, members[row].first);
    append_json(*arguments[1], row, members[row].second);
  }
  out.append_bytes(json_object(std::move(members)));
}

void map_agg(Arguments arguments, const Type& type, ColumnBuilder& out) {
  MapValue map;
  for (std::size_t row = 0; row < arguments[0]->size(); ++row) {
    map.entries.emplace_back(arguments[0]->bytes(row), arguments[1]->value(row));
  }
  std::stable_sort(map.entries.begin(), map.entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<std::string, Value>> last;
  for (auto& entry : map.entries) {
    if (!last.empty() && last.back().first == entry.first) last.pop_back();
    last.push_back(std::move(entry));
  }
  map.entries = std::move(last);
  out.append_bytes(encode_map(type, map));
}

Type array_type(std::span<const Type> types) {
  const TypeId id = types[0].id();
  if (id == TypeId::array || id == TypeId::list || id == TypeId::map || id == TypeId::bpchar) {
    throw unsupported("array_agg on " +
                      std::string(id == TypeId::bpchar ? "char" : types[0].name()));
  }
  return Type::array_of(types[0].without_modifier());
}
Type list_type(std::span<const Type> types) {
  return Type::list_of(types[0].without_modifier());
}
Type map_type(std::span<const Type> types) {
  return Type::map_of(types[1].without_modifier());
}

AggregateFunction collecting(std::string_view name, std::vector<Parameter> takes, Parameter gives,
                             bool ignores_nulls, std::string_view doc, std::string_view example,
                             decltype(AggregateFunction::compute) compute,
                             Type (*result_type)(std::span<const Type>) = nullptr) {
  return {.name = name,
          .takes = std::move(takes),
          .gives = std::move(gives),
          .kind = AggregateClass::whole_group,
          .ignores_nulls = ignores_nulls,
          .doc = doc,
          .example = example,
          .result_type = result_type,
          .compute = compute};
}

}  // namespace

std::vector<AggregateFunction> collecting_aggregates() {
  return {
      collecting("array_agg", {Kind::anyelement}, Kind::anyarray, false,
                 "An array of the values, NULLs too.", "array_agg(x) over (1), (2) = '{1,2}'",
                 array_agg, array_type),
      collecting("list_agg", {Kind::anyelement}, Kind::anylist, false,
                 "A list of the values, NULLs too.", "list_agg(x) over (1), (2) = LIST[1,2]",
                 list_agg, list_type),
      collecting("string_agg", {TypeId::text, TypeId::text}, TypeId::text, true,
                 "The texts, with a separator between.",
                 "string_agg(x, ',') over ('a'), ('b') = 'a,b'", string_agg),
      collecting("string_agg", {TypeId::bytea, TypeId::bytea}, TypeId::bytea, true,
                 "The byte strings, with a separator between.",
                 "string_agg(x, '') over ('\\x01') = '\\x01'", string_agg),
      collecting("jsonb_agg", {Kind::any}, TypeId::jsonb, false, "A JSON array of the values.",
                 "jsonb_agg(x) over (1), (2) = '[1,2]'", jsonb_agg),
      collecting("jsonb_object_agg", {Kind::any, Kind::any}, TypeId::jsonb, true,
                 "A JSON object of keys and values.",
                 "jsonb_object_agg(x, 1) over ('a') = '{\"a\":1}'", jsonb_object_agg),
      collecting("map_agg", {TypeId::text, Kind::anyelement}, Kind::anymap, true,
                 "A map of keys and values.", "map_agg(x, 1) over ('a') = MAP['a' => 1]", map_agg,
                 map_type),
  };
}

}  // namespace tailrace::engine
