// Casts from and to the string types: by each type's text format, and among strings by length.
#include <fmt/format.h>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/utf8.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

void to_text_kernel(KernelCall& call) {
  const Operand& operand = call[0];
  const TextWriter writer = text_writer(operand.type());
  const TextOptions options{.flavour = TextFlavour::cast};
  ColumnBuilder builder(call.result_type(), call.rows());
  call.each_row(
      [&](std::size_t row) {
        writer(*operand.column, operand.at(row), options, builder.heap());
        builder.end_bytes();
      },
      [&](std::size_t) { builder.append_null(); });
  call.give(builder.finish());
}

void from_text_kernel(KernelCall& call) {
  const TextReader reader = text_reader(call.result_type());
  const Operand& operand = call[0];
  build(call, [&](std::size_t row, ColumnBuilder& out) { reader(operand.bytes(row), out); });
}

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// To varchar(n) and char(n): too long is cut, or if `assigning` an error unless only blanks are
// lost; char is padded.
void write_string(std::string_view text, const Type& type, bool assigning, std::string& out) {
  const std::int32_t length = type.modifier();
  if (type.id() == TypeId::name) {
    out += text.substr(0, utf8::floor_boundary(text, 63));
    return;
  }
  if (type.id() == TypeId::char1) {
    out += text.substr(0, 1);
    return;
  }
  if (length == Type::no_modifier) {
    out += text;
    return;
  }
  const std::size_t kept = utf8::offset_of(text, static_cast<std::size_t>(length));
  if (kept < text.size() && assigning && !without_trailing_blanks(text.substr(kept)).empty()) {
    throw SqlError(sqlstate::string_data_right_truncation,
                   fmt::format("value too long for type {}", type.name()));
  }
  out += text.substr(0, kept);
  if (type.id() == TypeId::bpchar) {
    const std::size_t characters = utf8::length(text.substr(0, kept));
    out.append(static_cast<std::size_t>(length) - characters, ' ');
  }
}

template <bool assigning>
void string_kernel(KernelCall& call) {
  const Type type = call.result_type();
  const bool from_padded = call[0].type().id() == TypeId::bpchar && type.id() != TypeId::bpchar;
  write<std::string_view>(call, [&](std::string_view text, std::string& out) {
    write_string(from_padded ? without_trailing_blanks(text) : text, type, assigning, out);
  });
}

Cast cast(TypeId from, TypeId to, CastContext context, bool infallible,
          void (*kernel)(KernelCall&)) {
  return {from,
          to,
          context,
          {.name = {}, .takes = {from}, .gives = to, .infallible = infallible, .kernel = kernel}};
}

constexpr TypeId to_and_from_text[] = {
    TypeId::int2,     TypeId::int4,   TypeId::int8,   TypeId::uint2,      TypeId::uint4,
    TypeId::uint8,    TypeId::float4, TypeId::float8, TypeId::numeric,    TypeId::boolean,
    TypeId::bytea,    TypeId::date,   TypeId::time,   TypeId::timestamp,  TypeId::timestamptz,
    TypeId::interval, TypeId::uuid,   TypeId::jsonb,  TypeId::oid,        TypeId::array,
    TypeId::list,     TypeId::map,    TypeId::range,  TypeId::int2vector,
};

}  // namespace

std::vector<Cast> text_casts() {
  using enum CastContext;
  std::vector<Cast> out;
  for (const TypeId type : to_and_from_text) {
    out.push_back(cast(type, TypeId::text, type == TypeId::oid ? explicit_ : assignment, true,
                       to_text_kernel));
    for (const TypeId string : {TypeId::text, TypeId::varchar, TypeId::bpchar}) {
      out.push_back(cast(string, type, explicit_, false, from_text_kernel));
    }
  }
  out.push_back(cast(TypeId::record, TypeId::text, assignment, true, to_text_kernel));
  out.push_back(cast(TypeId::mz_timestamp, TypeId::text, assignment, true, to_text_kernel));
  for (const TypeId string : {TypeId::text, TypeId::varchar, TypeId::bpchar}) {
    out.push_back(cast(string, TypeId::mz_timestamp, assignment, false, from_text_kernel));
  }

  // Two entries where assignment refuses what an explicit cast cuts off; the registry takes the
  // first that fits.
  const auto strings = [&](TypeId from, TypeId to, CastContext context) {
    out.push_back(cast(from, to, context, false, string_kernel<true>));
    out.push_back(cast(from, to, explicit_, true, string_kernel<false>));
  };
  strings(TypeId::text, TypeId::varchar, assignment);
  strings(TypeId::text, TypeId::bpchar, assignment);
  strings(TypeId::varchar, TypeId::varchar, assignment);
  strings(TypeId::bpchar, TypeId::bpchar, assignment);
  strings(TypeId::varchar, TypeId::bpchar, implicit);
  strings(TypeId::bpchar, TypeId::varchar, implicit);
  strings(TypeId::name, TypeId::varchar, assignment);
  strings(TypeId::name, TypeId::bpchar, assignment);
  strings(TypeId::char1, TypeId::varchar, assignment);
  strings(TypeId::char1, TypeId::bpchar, assignment);
  for (const TypeId from : {TypeId::varchar, TypeId::bpchar, TypeId::name, TypeId::char1}) {
    out.push_back(cast(from, TypeId::text, implicit, true, string_kernel<false>));
  }
  for (const TypeId from : {TypeId::text, TypeId::varchar, TypeId::bpchar}) {
    out.push_back(cast(from, TypeId::name, assignment, true, string_kernel<false>));
    out.push_back(cast(from, TypeId::char1, assignment, true, string_kernel<false>));
  }
  out.push_back(cast(TypeId::int4, TypeId::char1, explicit_, false, [](KernelCall& call) {
    write<std::int32_t>(call, [](std::int32_t value, std::string& heap) {
      if (value < -128 || value > 255) {
        throw SqlError(sqlstate::numeric_value_out_of_range, "\"char\" out of range");
      }
      if (value != 0) heap += static_cast<char>(value);
    });
  }));
  return out;
}

}  // namespace tailrace::engine
