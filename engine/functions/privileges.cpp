// has_table_privilege and its relatives: role (name or oid, the current one if left out), object,
// privileges.
#include <fmt/format.h>

#include "engine/functions/catalog_questions.hpp"
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Privileged = CatalogQuestions::Privileged;

Oid role_of_name(const CatalogQuestions& catalog, Text name) {
  if (const std::optional<Oid> oid = catalog.role_oid(name)) return *oid;
  throw SqlError(sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", name));
}

// A role operand: text, or an oid.
Oid role_at(const CatalogQuestions& catalog, const Operand& operand, std::size_t row) {
  if (operand.type().id() == TypeId::oid) return std::get<std::uint32_t>(operand.value(row));
  return role_of_name(catalog, operand.bytes(row));
}

constexpr Text word_for(Privileged kind) {
  switch (kind) {
    case Privileged::relation:
      return "relation";
    case Privileged::schema:
      return "schema";
    case Privileged::database:
      return "database";
    case Privileged::type:
      return "type";
    case Privileged::connection:
      return "connection";
    case Privileged::secret:
      return "secret";
    case Privileged::cluster:
      return "cluster";
    case Privileged::system:
      return "system";
  }
  return {};
}

template <Privileged kind>
void privilege_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  constexpr std::size_t own = kind == Privileged::system ? 1 : 2;  // object and privileges
  const std::size_t first = call.size() - own;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const Oid role = first == 0 ? role_of_name(catalog, call.session().current_user)
                                : role_at(catalog, call[0], row);
    Oid object = 0;
    if (kind != Privileged::system) {
      const Operand& operand = call[first];
      if (operand.type().id() == TypeId::text) {
        const std::optional<Oid> found = catalog.privileged_oid(kind, operand.bytes(row));
        if (!found) {
          throw SqlError(
              kind == Privileged::relation ? sqlstate::undefined_table : sqlstate::undefined_object,
              fmt::format("{} \"{}\" does not exist", word_for(kind), operand.bytes(row)));
        }
        object = *found;
      } else {
        object = std::get<std::uint32_t>(operand.value(row));
      }
    }
    const std::optional<bool> has =
        catalog.has_privilege(role, kind, object, call[call.size() - 1].bytes(row));
    if (has) {
      out.append<std::uint8_t>(*has ? 1 : 0);
    } else {
      out.append_null();
    }
  });
}

template <Privileged kind>
void add(std::vector<Function>& out, Text name) {
  std::vector<std::vector<Parameter>> roles = {{}, {TypeId::text}, {TypeId::oid}};
  for (const std::vector<Parameter>& role : roles) {
    std::vector<std::vector<Parameter>> objects = {{TypeId::text}, {TypeId::oid}};
    if (kind == Privileged::system) objects = {{}};
    for (const std::vector<Parameter>& object : objects) {
      std::vector<Parameter> takes = role;
      takes.insert(takes.end(), object.begin(), object.end());
      takes.emplace_back(TypeId::text);
      out.push_back(
          stable(function_entry(name, std::move(takes), TypeId::boolean,
                                "Whether the role has any of the privileges on the object.", {},
                                privilege_kernel<kind>)));
    }
  }
}

void has_role_kernel(KernelCall& call) {
  const CatalogQuestions& catalog = call.catalog();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const bool current = call.size() == 2;
    const Oid member = current ? role_of_name(catalog, call.session().current_user)
                               : role_at(catalog, call[0], row);
    const Oid role = role_at(catalog, call[current ? 0 : 1], row);
    out.append<std::uint8_t>(catalog.has_role(member, role, call[call.size() - 1].bytes(row)) ? 1
                                                                                              : 0);
  });
}

}  // namespace

std::vector<Function> privilege_functions() {
  std::vector<Function> out;
  add<Privileged::relation>(out, "has_table_privilege");
  add<Privileged::schema>(out, "has_schema_privilege");
  add<Privileged::database>(out, "has_database_privilege");
  add<Privileged::type>(out, "has_type_privilege");
  add<Privileged::connection>(out, "has_connection_privilege");
  add<Privileged::secret>(out, "has_secret_privilege");
  add<Privileged::cluster>(out, "has_cluster_privilege");
  add<Privileged::system>(out, "has_system_privilege");
  for (const Text name : {"pg_has_role", "has_role"}) {
    for (const TypeId member : {TypeId::unknown, TypeId::text, TypeId::oid}) {
      for (const TypeId role : {TypeId::text, TypeId::oid}) {
        std::vector<Parameter> takes;
        if (member != TypeId::unknown) takes.emplace_back(member);
        takes.emplace_back(role);
        takes.emplace_back(TypeId::text);
        out.push_back(stable(function_entry(name, std::move(takes), TypeId::boolean,
                                            "Whether the role is a member of the other.", {},
                                            has_role_kernel)));
      }
    }
  }
  return out;
}

}  // namespace tailrace::engine
