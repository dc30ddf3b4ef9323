// The helpers of pg_catalog that tools call, and casts between names and oids.
#include <fmt/format.h>

#include <algorithm>

#include "engine/functions/catalog_questions.hpp"
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = CatalogQuestions::Kind;

bool put(const std::optional<std::string>& answer, std::string& out) {
  if (answer) out += *answer;
  return answer.has_value();
}

void format_type_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call[0].is_null(row)) {
      out.append_null();
      return;
    }
    const Oid oid = std::get<std::uint32_t>(call[0].value(row));
    const std::int32_t modifier =
        call[1].is_null(row) ? -1 : std::get<std::int32_t>(call[1].value(row));
    if (const std::optional<Type> type = type_from_oid(oid, modifier)) {
      out.append_bytes(type->name());
      return;
    }
    const SessionContext* session = call.context().session;
    const CatalogQuestions* catalog = session != nullptr ? session->catalog : nullptr;
    out.append_bytes(
        (catalog != nullptr ? catalog->name_of(Kind::type, oid) : std::nullopt).value_or("???"));
  });
}

template <Kind kind>
void visible_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  compute<std::optional<bool>(std::uint32_t)>(
      call, [&](Oid oid) { return catalog.is_visible(kind, oid); });
}

void obj_description_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  if (call.size() == 1) {
    write<std::uint32_t>(
        call, [&](Oid oid, std::string& out) { return put(catalog.comment(oid, 0, {}), out); });
  } else {
    write<std::uint32_t, Text>(call, [&](Oid oid, Text table, std::string& out) {
      return put(catalog.comment(oid, 0, table), out);
    });
  }
}

// Always NULL: there are no such things here.
void null_kernel(KernelCall& call) {
  call.give(Column::repeat(call.result_type(), Null{}, call.rows()));
}

void minus_one_kernel(KernelCall& call) {
  build(call, [](std::size_t, ColumnBuilder& out) { out.append<std::int64_t>(-1); });
}

template <Kind kind>
void name_to_oid_kernel(KernelCall& call) {
  compute<std::uint32_t(Text)>(call, [&](Text name) {
    const bool digits = !name.empty() && name.find_first_not_of("0123456789") == Text::npos;
    if (digits) return std::get<std::uint32_t>(from_text(TypeId::oid, name));
    const std::vector<Oid> oids = call.catalog().oids_of(kind, name);
    if (oids.empty()) {
      const SqlState state = kind == Kind::relation ? sqlstate::undefined_table
                             : kind == Kind::type   ? sqlstate::undefined_object
                                                    : sqlstate::undefined_function;
      throw SqlError(state, fmt::format("{} \"{}\" does not exist",
                                        kind == Kind::relation ? "relation"
                                        : kind == Kind::type   ? "type"
                                                               : "function",
                                        name));
    }
    if (oids.size() > 1) {
      throw SqlError(sqlstate::ambiguous_function,
                     fmt::format("more than one function named \"{}\"", name));
    }
    return static_cast<std::uint32_t>(oids.front());
  });
}

template <Kind kind>
void oid_to_name_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  write<std::uint32_t>(call, [&](Oid oid, std::string& out) {
    const std::optional<std::string> name = catalog.name_of(kind, oid);
    out += name ? *name : fmt::to_string(oid);
  });
}

template <Kind kind>
void add_name_casts(std::vector<Cast>& out, TypeId type) {
  for (const TypeId string : {TypeId::text, TypeId::varchar, TypeId::bpchar}) {
    Function from = function_entry({}, {string}, type, {}, {}, name_to_oid_kernel<kind>);
    from.volatility = Volatility::stable;
    out.push_back({string, type, CastContext::explicit_, std::move(from)});
  }
  Function to = function_entry({}, {type}, TypeId::text, {}, {}, oid_to_name_kernel<kind>);
  to.volatility = Volatility::stable;
  out.push_back({type, TypeId::text, CastContext::explicit_, std::move(to)});
}

void add_definitions(std::vector<Function>& out) {
  const auto view_by_oid = [](KernelCall& call) {
    const CatalogQuestions& catalog = call.catalog();
    build(call, [&](std::size_t row, ColumnBuilder& to) {
      const auto definition = catalog.view_definition(std::get<std::uint32_t>(call[0].value(row)));
      definition ? to.append_bytes(*definition) : to.append_null();
    });
  };
  const auto view_by_name = [](KernelCall& call) {
    const CatalogQuestions& catalog = call.catalog();
    build(call, [&](std::size_t row, ColumnBuilder& to) {
      const std::vector<Oid> oids = catalog.oids_of(Kind::relation, call[0].bytes(row));
      if (oids.empty()) {
        throw SqlError(sqlstate::undefined_table,
                       fmt::format("relation \"{}\" does not exist", call[0].bytes(row)));
      }
      const auto definition = catalog.view_definition(oids.front());
      definition ? to.append_bytes(*definition) : to.append_null();
    });
  };
  constexpr Text doc = "The query of the view.";
  for (const TypeId option : {TypeId::unknown, TypeId::boolean, TypeId::int4}) {
    std::vector<Parameter> by_oid = {TypeId::oid};
    std::vector<Parameter> by_name = {TypeId::text};
    if (option != TypeId::unknown) {
      by_oid.emplace_back(option);
      by_name.emplace_back(option);
    }
    out.push_back(
        stable(function_entry("pg_get_viewdef", by_oid, TypeId::text, doc, {}, view_by_oid)));
    out.push_back(
        stable(function_entry("pg_get_viewdef", by_name, TypeId::text, doc, {}, view_by_name)));
  }
  const auto index = [](KernelCall& call) {
    const CatalogQuestions& catalog = call.catalog();
    build(call, [&](std::size_t row, ColumnBuilder& to) {
      const int column = call.size() > 1 ? std::get<std::int32_t>(call[1].value(row)) : 0;
      const auto definition =
          catalog.index_definition(std::get<std::uint32_t>(call[0].value(row)), column);
      definition ? to.append_bytes(*definition) : to.append_null();
    });
  };
  out.push_back(stable(function_entry("pg_get_indexdef", {TypeId::oid}, TypeId::text,
                                      "The statement that makes the index.", {}, index)));
  out.push_back(
      stable(function_entry("pg_get_indexdef", {TypeId::oid, TypeId::int4, TypeId::boolean},
                            TypeId::text, "The key column of the index.", {}, index)));
  constexpr Text none = "Always NULL: there is no such thing here.";
  out.push_back(
      function_entry("pg_get_constraintdef", {TypeId::oid}, TypeId::text, none, {}, null_kernel));
  out.push_back(function_entry("pg_get_constraintdef", {TypeId::oid, TypeId::boolean}, TypeId::text,
                               none, {}, null_kernel));
  out.push_back(
      function_entry("pg_get_ruledef", {TypeId::oid}, TypeId::text, none, {}, null_kernel));
  out.push_back(function_entry("pg_get_ruledef", {TypeId::oid, TypeId::boolean}, TypeId::text, none,
                               {}, null_kernel));
  out.push_back(
      function_entry("pg_tablespace_location", {TypeId::oid}, TypeId::text, none, {}, null_kernel));
  const auto same_text = [](KernelCall& call) {
    build(call, [&](std::size_t row, ColumnBuilder& to) { to.append_bytes(call[0].bytes(row)); });
  };
  out.push_back(function_entry("pg_get_expr", {TypeId::text, TypeId::oid}, TypeId::text,
                               "The expression, which is kept as text.", {}, same_text));
  out.push_back(function_entry("pg_get_expr", {TypeId::text, TypeId::oid, TypeId::boolean},
                               TypeId::text, "The expression, which is kept as text.", {},
                               same_text));
}

}  // namespace

std::vector<Function> catalog_functions() {
  std::vector<Function> out;
  out.push_back(
      handling_nulls(function_entry("format_type", {TypeId::oid, TypeId::int4}, TypeId::text,
                                    "The name of the type with its modifier.",
                                    "format_type(23::oid, NULL) = 'integer'", format_type_kernel)));
  out.push_back(stable(function_entry("pg_table_is_visible", {TypeId::oid}, TypeId::boolean,
                                      "Whether the relation is found without its schema.", {},
                                      visible_kernel<Kind::relation>)));
  out.push_back(stable(function_entry("pg_type_is_visible", {TypeId::oid}, TypeId::boolean,
                                      "Whether the type is found without its schema.", {},
                                      visible_kernel<Kind::type>)));
  out.push_back(stable(function_entry("pg_function_is_visible", {TypeId::oid}, TypeId::boolean,
                                      "Whether the function is found without its schema.", {},
                                      visible_kernel<Kind::function>)));
  out.push_back(stable(function_entry("pg_get_userbyid", {TypeId::oid}, TypeId::text,
                                      "The name of the role.", {}, [](KernelCall& call) {
                                        const CatalogQuestions& catalog = call.catalog();
                                        write<std::uint32_t>(call, [&](Oid oid, std::string& to) {
                                          to += catalog.role_name(oid).value_or(
                                              fmt::format("unknown (OID={})", oid));
                                        });
                                      })));
  for (std::vector<Parameter> takes :
       {std::vector<Parameter>{TypeId::oid}, {TypeId::oid, TypeId::text}}) {
    out.push_back(stable(function_entry("obj_description", std::move(takes), TypeId::text,
                                        "The comment on the object.", {}, obj_description_kernel)));
  }
  out.push_back(stable(
      function_entry("col_description", {TypeId::oid, TypeId::int4}, TypeId::text,
                     "The comment on the column.", {}, [](KernelCall& call) {
                       const CatalogQuestions& catalog = call.catalog();
                       write<std::uint32_t, std::int32_t>(
                           call, [&](Oid oid, std::int32_t column, std::string& to) {
                             return column > 0 && put(catalog.comment(oid, column, "pg_class"), to);
                           });
                     })));
  out.push_back(infallible(function_entry(
      "pg_encoding_to_char", {TypeId::int4}, TypeId::text, "The name of the encoding.",
      "pg_encoding_to_char(6) = 'UTF8'", [](KernelCall& call) {
        write<std::int32_t>(call, [](std::int32_t encoding, std::string& to) {
          if (encoding == 6) to += "UTF8";
          return encoding == 6;
        });
      })));
  for (std::vector<Parameter> takes :
       {std::vector<Parameter>{TypeId::regclass}, {TypeId::regclass, TypeId::text}}) {
    out.push_back(function_entry("pg_relation_size", std::move(takes), TypeId::int8,
                                 "Not known: -1.", {}, minus_one_kernel));
  }
  out.push_back(function_entry("pg_stat_get_numscans", {TypeId::oid}, TypeId::int8,
                               "Not known: -1.", "pg_stat_get_numscans(1::oid) = -1",
                               minus_one_kernel));
  add_definitions(out);
  return out;
}

std::vector<Cast> catalog_casts() {
  std::vector<Cast> out;
  add_name_casts<Kind::relation>(out, TypeId::regclass);
  add_name_casts<Kind::type>(out, TypeId::regtype);
  add_name_casts<Kind::function>(out, TypeId::regproc);
  return out;
}

}  // namespace tailrace::engine
