// Casts between arrays, lists, maps and records: each element by the cast of its type.
#include "engine/expression/row_errors.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/nested.hpp"

namespace tailrace::engine {

namespace {

// All elements of one value converted at once.
std::vector<Value> convert(const KernelCall& call, const Type& from, const Type& to,
                           const std::vector<Value>& values) {
  if (from == to || values.empty()) return values;
  const Function* const function = find_cast(from, to, CastContext::explicit_);
  ensure(function != nullptr, "elements were checked to be castable when the plan was made");
  ColumnBuilder builder(from, values.size());
  for (const Value& value : values) builder.append_value(value);
  const ColumnPtr column = builder.finish();
  const Operand operand{column.get(), false};
  KernelCall inner({&operand, 1}, values.size(), to, function->nulls == Nulls::strict,
                   call.context());
  function->kernel(inner);
  const RowErrors errors = inner.take_errors();
  if (!errors.empty()) throw errors.front().second.to_sql_error();
  const ColumnPtr result = inner.take_result();
  std::vector<Value> converted;
  for (std::size_t i = 0; i < values.size(); ++i) converted.push_back(result->value(i));
  return converted;
}

void array_kernel(KernelCall& call) {
  const Type from = call[0].type();
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    ArrayValue array = decode_array(from, bytes);
    array.elements = convert(call, from.element(), to.element(), array.elements);
    out += encode_array(to, array);
  });
}

void array_to_list_kernel(KernelCall& call) {
  const Type from = call[0].type();
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    const ArrayValue array = decode_array(from, bytes);
    if (array.dimensions.size() > 1) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     "casting multi-dimensional array to list; got array with " +
                         std::to_string(array.dimensions.size()) + " dimensions");
    }
    out += encode_list(to, convert(call, from.element(), to.element(), array.elements));
  });
}

void list_kernel(KernelCall& call) {
  const Type from = call[0].type();
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    out += encode_list(to, convert(call, from.element(), to.element(), decode_list(from, bytes)));
  });
}

void map_kernel(KernelCall& call) {
  const Type from = call[0].type();
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    MapValue map = decode_map(from, bytes);
    for (auto& [key, value] : map.entries)
      value = convert(call, from.element(), to.element(), {value}).front();
    out += encode_map(to, map);
  });
}

void record_kernel(KernelCall& call) {
  const Type from = call[0].type();
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    std::vector<Value> fields = decode_record(from, bytes);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      fields[i] = convert(call, from.fields()[i].type, to.fields()[i].type, {fields[i]}).front();
    }
    out += encode_record(to, fields);
  });
}

void int2vector_kernel(KernelCall& call) {
  const Type to = call.result_type();
  write<std::string_view>(call, [&](std::string_view bytes, std::string& out) {
    ArrayValue array = decode_array(Type::array_of(TypeId::int2), bytes);
    for (ArrayDimension& dimension : array.dimensions) dimension.lower_bound = 1;
    out += encode_array(to, array);
  });
}

Cast cast(TypeId from, TypeId to, CastContext context, void (*kernel)(KernelCall&)) {
  return {from, to, context, {.name = {}, .takes = {from}, .gives = to, .kernel = kernel}};
}

}  // namespace

std::vector<Cast> nested_casts() {
  using enum CastContext;
  return {
      cast(TypeId::array, TypeId::array, explicit_, array_kernel),
      cast(TypeId::array, TypeId::list, explicit_, array_to_list_kernel),
      cast(TypeId::list, TypeId::list, implicit, list_kernel),
      cast(TypeId::map, TypeId::map, implicit, map_kernel),
      cast(TypeId::record, TypeId::record, implicit, record_kernel),
      cast(TypeId::int2vector, TypeId::array, explicit_, int2vector_kernel),
  };
}

}  // namespace tailrace::engine
