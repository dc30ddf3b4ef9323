// Operators and functions of jsonb, and its casts to SQL's own types.
#include "repr/json.hpp"

#include <fmt/format.h>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/json_value.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

bool put(const std::optional<Text>& part, std::string& out) {
  if (!part) return false;
  out += *part;
  return true;
}

bool put_text(const std::optional<Text>& part, std::string& out) {
  const std::optional<std::string> text = part ? json_as_text(*part) : std::nullopt;
  if (!text) return false;
  out += *text;
  return true;
}

// The steps of a path, or nothing if one of them is NULL.
std::optional<std::vector<std::string>> steps_of(Text array) {
  std::vector<std::string> steps;
  for (const Value& value : decode_array(Type::array_of(TypeId::text), array).elements) {
    if (is_null(value)) return std::nullopt;
    steps.push_back(std::get<std::string>(value));
  }
  return steps;
}

std::optional<Text> at_path(Text json, Text array) {
  const auto steps = steps_of(array);
  return steps ? json_path(json, *steps) : std::nullopt;
}

void add_access(std::vector<Function>& out) {
  const auto put_field = [](KernelCall& call) {
    write<Text, Text>(
        call, [](Text json, Text key, std::string& to) { return put(json_field(json, key), to); });
  };
  const auto put_element = [](KernelCall& call) {
    write<Text, std::int64_t>(call, [](Text json, std::int64_t index, std::string& to) {
      return put(json_element(json, index), to);
    });
  };
  out.push_back(infallible(operator_entry("->", {TypeId::jsonb, TypeId::text}, TypeId::jsonb,
                                          "The member of the key.",
                                          "'{\"a\":1}'::jsonb -> 'a' = '1'", put_field)));
  out.push_back(infallible(operator_entry("->", {TypeId::jsonb, TypeId::int8}, TypeId::jsonb,
                                          "The element, from 0, or from the end if negative.",
                                          "'[1,2]'::jsonb -> 1 = '2'", put_element)));
  out.push_back(infallible(operator_entry(
      "->>", {TypeId::jsonb, TypeId::text}, TypeId::text, "The member of the key, as text.",
      "'{\"a\":\"b\"}'::jsonb ->> 'a' = 'b'", [](KernelCall& call) {
        write<Text, Text>(call, [](Text json, Text key, std::string& to) {
          return put_text(json_field(json, key), to);
        });
      })));
  out.push_back(infallible(operator_entry(
      "->>", {TypeId::jsonb, TypeId::int8}, TypeId::text, "The element, as text.",
      "'[1,\"b\"]'::jsonb ->> 1 = 'b'", [](KernelCall& call) {
        write<Text, std::int64_t>(call, [](Text json, std::int64_t index, std::string& to) {
          return put_text(json_element(json, index), to);
        });
      })));
  const Type texts = Type::array_of(TypeId::text);
  out.push_back(infallible(
      operator_entry("#>", {TypeId::jsonb, texts}, TypeId::jsonb, "What the path leads to.",
                     "'{\"a\":[1,2]}'::jsonb #> '{a,1}' = '2'", [](KernelCall& call) {
                       write<Text, Text>(call, [](Text json, Text path, std::string& to) {
                         return put(at_path(json, path), to);
                       });
                     })));
  out.push_back(infallible(operator_entry(
      "#>>", {TypeId::jsonb, texts}, TypeId::text, "What the path leads to, as text.",
      "'{\"a\":[1,\"b\"]}'::jsonb #>> '{a,1}' = 'b'", [](KernelCall& call) {
        write<Text, Text>(call, [](Text json, Text path, std::string& to) {
          return put_text(at_path(json, path), to);
        });
      })));
}

void add_operators(std::vector<Function>& out) {
  out.push_back(infallible(
      operator_entry("@>", {TypeId::jsonb, TypeId::jsonb}, TypeId::boolean,
                     "Whether the first contains the second.",
                     "('{\"a\":1,\"b\":2}'::jsonb @> '{\"a\":1}'::jsonb) = true",
                     [](KernelCall& call) { compute<bool(Text, Text)>(call, json_contains); })));
  out.push_back(infallible(operator_entry(
      "<@", {TypeId::jsonb, TypeId::jsonb}, TypeId::boolean,
      "Whether the second contains the first.",
      "('{\"a\":1}'::jsonb <@ '{\"a\":1,\"b\":2}'::jsonb) = true", [](KernelCall& call) {
        compute<bool(Text, Text)>(call,
                                  [](Text part, Text json) { return json_contains(json, part); });
      })));
  out.push_back(infallible(operator_entry(
      "?", {TypeId::jsonb, TypeId::text}, TypeId::boolean,
      "Whether there is such a key or string at the top.", "('{\"a\":1}'::jsonb ? 'a') = true",
      [](KernelCall& call) { compute<bool(Text, Text)>(call, json_has_key); })));
  out.push_back(infallible(operator_entry(
      "||", {TypeId::jsonb, TypeId::jsonb}, TypeId::jsonb,
      "Objects merged, arrays one after the other, else NULL.",
      "'{\"a\":1}'::jsonb || '{\"b\":2}'::jsonb = '{\"a\":1,\"b\":2}'", [](KernelCall& call) {
        write<Text, Text>(call, [](Text a, Text b, std::string& to) {
          const JsonKind kind = json_kind(a);
          if (kind != json_kind(b) || (kind != JsonKind::object && kind != JsonKind::array))
            return false;
          to += json_concatenate(a, b);
          return true;
        });
      })));
  out.push_back(infallible(
      operator_entry("-", {TypeId::jsonb, TypeId::text}, TypeId::jsonb,
                     "Without the key, or the strings equal to it.",
                     "'{\"a\":1,\"b\":2}'::jsonb - 'a' = '{\"b\":2}'", [](KernelCall& call) {
                       write<Text, Text>(call, [](Text json, Text key, std::string& to) {
                         const JsonKind kind = json_kind(json);
                         if (kind != JsonKind::object && kind != JsonKind::array) return false;
                         to += json_without_key(json, key);
                         return true;
                       });
                     })));
  out.push_back(infallible(operator_entry(
      "-", {TypeId::jsonb, TypeId::int8}, TypeId::jsonb, "Without the element.",
      "'[1,2]'::jsonb - 0 = '[2]'", [](KernelCall& call) {
        write<Text, std::int64_t>(call, [](Text json, std::int64_t index, std::string& to) {
          if (json_kind(json) != JsonKind::array) return false;
          to += json_without_element(json, index);
          return true;
        });
      })));
}

void build_array_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    std::vector<std::string> elements;
    for (const Operand& operand : call.operands())
      append_json(*operand.column, operand.at(row), elements.emplace_back());
    out.append_bytes(json_array(elements));
  });
}

void build_object_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    std::vector<std::pair<std::string, std::string>> members;
    for (std::size_t i = 0; i + 1 < call.size(); i += 2) {
      if (call[i].is_null(row))
        throw SqlError(sqlstate::invalid_parameter_value, "key cannot be null");
      auto& [key, value] = members.emplace_back();
      text_writer(call[i].type())(*call[i].column, call[i].at(row), {.flavour = TextFlavour::cast},
                                  key);
      append_json(*call[i + 1].column, call[i + 1].at(row), value);
    }
    out.append_bytes(json_object(std::move(members)));
  });
}

void add_functions(std::vector<Function>& out) {
  out.push_back(infallible(function_entry("jsonb_array_length", {TypeId::jsonb}, TypeId::int4,
                                          "How many elements, NULL for what is no array.",
                                          "jsonb_array_length('[1,2]') = 2", [](KernelCall& call) {
                                            compute<std::optional<std::int32_t>(Text)>(
                                                call, [](Text json) -> std::optional<std::int32_t> {
                                                  if (json_kind(json) != JsonKind::array)
                                                    return std::nullopt;
                                                  return static_cast<std::int32_t>(
                                                      json_length(json));
                                                });
                                          })));
  out.push_back(infallible(function_entry("jsonb_typeof", {TypeId::jsonb}, TypeId::text,
                                          "object, array, string, number, boolean or null.",
                                          "jsonb_typeof('[]') = 'array'", [](KernelCall& call) {
                                            write<Text>(call, [](Text json, std::string& to) {
                                              to += json_kind_name(json_kind(json));
                                            });
                                          })));
  out.push_back(infallible(function_entry(
      "jsonb_pretty", {TypeId::jsonb}, TypeId::text, "One element a line, indented.",
      "jsonb_pretty('1') = '1'", [](KernelCall& call) {
        write<Text>(call, [](Text json, std::string& to) { to += json_pretty(json); });
      })));
  out.push_back(infallible(function_entry(
      "jsonb_strip_nulls", {TypeId::jsonb}, TypeId::jsonb, "Without members that are null.",
      "jsonb_strip_nulls('{\"a\":null}') = '{}'", [](KernelCall& call) {
        write<Text>(call, [](Text json, std::string& to) { to += json_without_nulls(json); });
      })));
  out.push_back(function_entry("to_jsonb", {Kind::anyelement}, TypeId::jsonb, "The value as JSON.",
                               "to_jsonb(1) = '1'", [](KernelCall& call) {
                                 write<Value>(call, [&](const Value& value, std::string& to) {
                                   append_json(call[0].type(), value, to);
                                 });
                               }));
  out.push_back(variadic(never_null(handling_nulls(
      function_entry("jsonb_build_array", {Kind::any}, TypeId::jsonb, "An array of the values.",
                     "jsonb_build_array(1, 'a') = '[1,\"a\"]'", build_array_kernel)))));
  out.push_back(variadic(never_null(handling_nulls(function_entry(
      "jsonb_build_object", {Kind::any}, TypeId::jsonb, "An object of keys and values by turns.",
      "jsonb_build_object('a', 1) = '{\"a\":1}'", build_object_kernel)))));
}

// The number in a jsonb value, or the error that it is none.
Numeric number_in(Text json, Text type) {
  if (json_kind(json) != JsonKind::number) {
    throw SqlError(
        sqlstate::invalid_parameter_value,
        fmt::format("cannot cast jsonb {} to type {}", json_kind_name(json_kind(json)), type));
  }
  return json_number(json);
}

// By way of numeric, so that rounding and range are those of that cast.
void number_kernel(KernelCall& call) {
  const Type target = call.result_type();
  const Function* const function = find_cast(TypeId::numeric, target, CastContext::explicit_);
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const Numeric number = number_in(call[0].bytes(row), target.name());
    const ColumnPtr one = Column::repeat(TypeId::numeric, number, 1);
    const Operand operand{one.get(), true};
    KernelCall inner({&operand, 1}, 1, target, true, call.context());
    function->kernel(inner);
    const RowErrors errors = inner.take_errors();
    if (!errors.empty()) throw errors.front().second.to_sql_error();
    out.append_from(*inner.take_result(), 0);
  });
}

}  // namespace

std::vector<Function> jsonb_functions() {
  std::vector<Function> out;
  add_access(out);
  add_operators(out);
  add_functions(out);
  return out;
}

std::vector<Cast> jsonb_casts() {
  std::vector<Cast> out;
  for (const TypeId to : {TypeId::int2, TypeId::int4, TypeId::int8, TypeId::float4, TypeId::float8,
                          TypeId::numeric}) {
    out.push_back({TypeId::jsonb,
                   to,
                   CastContext::explicit_,
                   {.name = {}, .takes = {TypeId::jsonb}, .gives = to, .kernel = number_kernel}});
  }
  out.push_back({TypeId::jsonb,
                 TypeId::boolean,
                 CastContext::explicit_,
                 {.name = {},
                  .takes = {TypeId::jsonb},
                  .gives = TypeId::boolean,
                  .kernel = [](KernelCall& call) {
                    compute<bool(Text)>(call, [](Text json) {
                      if (json_kind(json) != JsonKind::boolean) {
                        throw SqlError(sqlstate::invalid_parameter_value,
                                       fmt::format("cannot cast jsonb {} to type boolean",
                                                   json_kind_name(json_kind(json))));
                      }
                      return json_boolean(json);
                    });
                  }}});
  return out;
}

}  // namespace tailrace::engine
