// What runs, who asks, and in which surroundings.
#include <fmt/format.h>

#include "engine/functions/catalog_questions.hpp"
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/datetime.hpp"
#include "repr/nested.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

// A function without arguments whose text the session gives.
Function session_text(Text name, Text doc, Text example, Kernel kernel) {
  return stable(function_entry(name, {}, TypeId::text, doc, example, kernel));
}

void current_schema_kernel(KernelCall& call) {
  const std::vector<std::string> schemas = call.catalog().current_schemas(false);
  write<>(call, [&](std::string& out) {
    if (schemas.empty()) return false;
    out += schemas.front();
    return true;
  });
}

void current_schemas_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  write<bool>(call, [&](bool with_implicit, std::string& out) {
    ArrayValue array;
    for (std::string& schema : catalog.current_schemas(with_implicit))
      array.elements.emplace_back(std::move(schema));
    array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
    out += encode_array(Type::array_of(TypeId::text), canonical_array(std::move(array)));
  });
}

void current_setting_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const bool missing_ok = call.size() > 1 && std::get<bool>(call[1].value(row));
    const std::optional<std::string> value = catalog.setting(call[0].bytes(row));
    if (value) {
      out.append_bytes(*value);
    } else if (missing_ok) {
      out.append_null();
    } else {
      throw SqlError(
          sqlstate::undefined_object,
          fmt::format("unrecognized configuration parameter \"{}\"", call[0].bytes(row)));
    }
  });
}

void pg_typeof_kernel(KernelCall& call) {
  const std::string name = call[0].type().name();
  write_each(call, [&](std::string& out) { out += name; });
}

// "10 kB": switches to the next unit at 10240, rounding half away.
void size_pretty(const Numeric& bytes, std::string& out) {
  static constexpr Text units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  const Numeric step = Numeric::from_int(1024);
  const Numeric limit = Numeric::from_int(10240);
  Numeric size = bytes;
  std::size_t unit = 0;
  while (unit + 1 < std::size(units) && size.absolute().rounded(0) >= limit) {
    size = size / step;
    ++unit;
  }
  out += size.rounded(0).to_string();
  out += ' ';
  out += units[unit];
}

}  // namespace

std::vector<Function> system_functions() {
  std::vector<Function> out;
  out.push_back(session_text(
      "version", "What server this is, as PostgreSQL's clients want to read it.",
      "starts_with(version(), 'PostgreSQL') = true", [](KernelCall& call) {
        const std::string& version = call.session().server_version;
        write<>(call, [&](std::string& to) {
          to += fmt::format("PostgreSQL 9.5.0 on x86_64-unknown-linux-gnu (Tailrace {})", version);
        });
      }));
  out.push_back(in_schema("mz_catalog",
                          session_text("mz_version", "The server's version.",
                                       "(mz_version() IS NULL) = false", [](KernelCall& call) {
                                         const std::string& version = call.session().server_version;
                                         write<>(call, [&](std::string& to) { to += version; });
                                       })));
  for (const Text name : {"current_database", "current_catalog"}) {
    out.push_back(session_text(name, "The session's database.",
                               "(current_database() IS NULL) = false", [](KernelCall& call) {
                                 const std::string& database = call.session().database;
                                 write<>(call, [&](std::string& to) { to += database; });
                               }));
  }
  for (const Text name : {"current_user", "current_role", "user"}) {
    out.push_back(session_text(name, "Whose privileges count.", "(current_user IS NULL) = false",
                               [](KernelCall& call) {
                                 const std::string& user = call.session().current_user;
                                 write<>(call, [&](std::string& to) { to += user; });
                               }));
  }
  out.push_back(session_text("session_user", "Who connected.", "(session_user IS NULL) = false",
                             [](KernelCall& call) {
                               const std::string& user = call.session().session_user;
                               write<>(call, [&](std::string& to) { to += user; });
                             }));
  out.push_back(session_text("current_schema",
                             "Where unqualified names are created, NULL if nowhere.",
                             "(current_schema() IS NULL) = false", current_schema_kernel));
  out.push_back(
      stable(function_entry("current_schemas", {TypeId::boolean}, Type::array_of(TypeId::text),
                            "The search path, with the implicit schemas if asked for.",
                            "(current_schemas(false) IS NULL) = false", current_schemas_kernel)));
  out.push_back(stable(
      function_entry("current_setting", {TypeId::text}, TypeId::text, "The value of a setting.",
                     "(current_setting('timezone') IS NULL) = false", current_setting_kernel)));
  out.push_back(stable(function_entry(
      "current_setting", {TypeId::text, TypeId::boolean}, TypeId::text,
      "The value of a setting, NULL for one that does not exist if the second is true.",
      "(current_setting('no such', true) IS NULL) = true", current_setting_kernel)));
  out.push_back(
      stable(function_entry("pg_backend_pid", {}, TypeId::int4, "The number of the connection.",
                            "(pg_backend_pid() IS NULL) = false", [](KernelCall& call) {
                              const std::int32_t id = call.catalog().connection_id();
                              compute<std::int32_t()>(call, [&]() { return id; });
                            })));
  out.push_back(stable(function_entry(
      "pg_postmaster_start_time", {}, TypeId::timestamptz, "When the server started.",
      "(pg_postmaster_start_time() <= now()) = true", [](KernelCall& call) {
        const std::int64_t at = call.catalog().start_microseconds();
        compute<std::int64_t()>(call, [&]() { return at; });
      })));
  out.push_back(in_schema(
      "mz_catalog",
      stable(function_entry("mz_uptime", {}, TypeId::interval, "How long the server has run.",
                            "(mz_uptime() >= '0'::interval) = true", [](KernelCall& call) {
                              const std::int64_t microseconds = call.session().now_microseconds -
                                                                call.catalog().start_microseconds();
                              compute<Interval()>(
                                  call, [&]() { return Interval{.microseconds = microseconds}; });
                            }))));
  out.push_back(in_schema(
      "mz_catalog", session_text("mz_environment_id", "The id of this installation.",
                                 "(mz_environment_id() IS NULL) = false", [](KernelCall& call) {
                                   const std::string id = call.catalog().environment_id();
                                   write<>(call, [&](std::string& to) { to += id; });
                                 })));
  out.push_back(
      in_schema("mz_catalog",
                stable(function_entry("mz_is_superuser", {}, TypeId::boolean,
                                      "Whether the current user is a superuser.",
                                      "(mz_is_superuser() IS NULL) = false", [](KernelCall& call) {
                                        const bool is = call.catalog().is_superuser();
                                        compute<bool()>(call, [&]() { return is; });
                                      }))));
  out.push_back(infallible(function_entry(
      "pg_is_in_recovery", {}, TypeId::boolean, "Never.", "pg_is_in_recovery() = false",
      [](KernelCall& call) { compute<bool()>(call, []() noexcept { return false; }); })));
  out.push_back(infallible(never_null(handling_nulls(
      function_entry("pg_typeof", {Kind::any}, TypeId::text, "The name of the value's type.",
                     "pg_typeof(1) = 'integer'", pg_typeof_kernel)))));
  out.push_back(
      infallible(function_entry("pg_size_pretty", {TypeId::numeric}, TypeId::text,
                                "Bytes in a handy unit.", "pg_size_pretty(10240.0) = '10 kB'",
                                [](KernelCall& call) { write<Numeric>(call, size_pretty); })));
  return out;
}

}  // namespace tailrace::engine
