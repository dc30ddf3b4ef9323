#include "engine/coordinator/catalog_answers.hpp"

#include <fmt/format.h>

#include "catalog/access.hpp"
#include "engine/coordinator/clock.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/functions/function.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using catalog::Acl;
using catalog::Item;
using catalog::Role;

const Role* role_of(const catalog::Catalog& catalog, Oid oid) {
  for (const auto& [id, role] : catalog.roles()) {
    if (role->oid == oid) return role.get();
  }
  return nullptr;
}

template <class Map>
auto find_oid(const Map& objects, Oid oid) -> decltype(objects.begin()->second.get()) {
  for (const auto& [id, object] : objects) {
    if (object->oid == oid) return object.get();
  }
  return nullptr;
}

catalog::PrivilegeSet privilege_named(std::string_view word) {
  std::string name;
  for (const char c : word) {
    if (c != ' ' || !name.empty())
      name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  while (!name.empty() && name.back() == ' ') name.pop_back();
  using P = catalog::Privilege;
  const std::pair<std::string_view, P> names[] = {{"select", P::select},
                                                  {"insert", P::insert},
                                                  {"update", P::update},
                                                  {"delete", P::delete_},
                                                  {"usage", P::usage},
                                                  {"create", P::create},
                                                  {"createrole", P::create_role},
                                                  {"createdb", P::create_database},
                                                  {"createcluster", P::create_cluster}};
  for (const auto& [known, privilege] : names) {
    if (known == name) return static_cast<catalog::PrivilegeSet>(privilege);
  }
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("unrecognized privilege type: \"{}\"", word));
}

}  // namespace

const catalog::Catalog& CatalogAnswers::catalog() const {
  return session_.catalog();
}

std::vector<Oid> CatalogAnswers::oids_of(Kind kind, std::string_view name) const {
  if (kind == Kind::function) {
    std::vector<Oid> oids;
    for (const Function* function : functions_named(name)) {
      if (function->oid != 0) oids.push_back(function->oid);
    }
    return oids;
  }
  const ast::ObjectName parsed = grammar::parse_name(name);
  if (kind == Kind::type) {
    const auto type = catalog().find_type(parsed, session_.scope());
    return type ? std::vector<Oid>{type->oid()} : std::vector<Oid>();
  }
  const Item* item = catalog().find_item(parsed, session_.scope());
  return item ? std::vector<Oid>{item->oid} : std::vector<Oid>();
}

std::optional<std::string> CatalogAnswers::name_of(Kind kind, Oid oid) const {
  if (kind == Kind::type) {
    if (const auto type = type_from_oid(oid)) return type->name();
  }
  if (kind == Kind::function) {
    for (const Function* function : all_functions()) {
      if (function->oid == oid && oid != 0) return std::string(function->name);
    }
    return std::nullopt;
  }
  const Item* item = catalog().find_by_oid(oid);
  return item ? std::optional(catalog().minimal_name(*item, session_.scope())) : std::nullopt;
}

std::optional<bool> CatalogAnswers::is_visible(Kind kind, Oid oid) const {
  if (kind != Kind::relation) return name_of(kind, oid) ? std::optional(true) : std::nullopt;
  const Item* item = catalog().find_by_oid(oid);
  if (item == nullptr) return std::nullopt;
  ast::ObjectName alone;
  alone.parts.push_back({item->name});
  const Item* found = catalog().find_item(alone, session_.scope());
  return found != nullptr && found->id == item->id;
}

std::optional<std::string> CatalogAnswers::role_name(Oid oid) const {
  const Role* role = role_of(catalog(), oid);
  return role ? std::optional(role->name) : std::nullopt;
}

std::optional<Oid> CatalogAnswers::role_oid(std::string_view name) const {
  const Role* role = catalog().find_role(name);
  return role ? std::optional(role->oid) : std::nullopt;
}

std::optional<std::string> CatalogAnswers::comment(Oid object, int column, std::string_view) const {
  const Item* item = catalog().find_by_oid(object);
  if (item == nullptr) return std::nullopt;
  const auto& comments = catalog().comments();
  const auto found = comments.find({std::string(item->type_name()), item->id.to_string(), column});
  return found == comments.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> CatalogAnswers::view_definition(Oid oid) const {
  const Item* item = catalog().find_by_oid(oid);
  if (item == nullptr) return std::nullopt;
  const auto print = [](const ast::Query& query) {
    return grammar::print(query, {.without_ids = true}) + ";";
  };
  if (const auto* view = item->as<catalog::View>()) return print(*view->query);
  if (const auto* view = item->as<catalog::MaterializedView>()) return print(*view->query);
  return std::nullopt;
}

std::optional<std::string> CatalogAnswers::index_definition(Oid oid, int column) const {
  const Item* item = catalog().find_by_oid(oid);
  const auto* index = item ? item->as<catalog::Index>() : nullptr;
  if (index == nullptr) return std::nullopt;
  if (column == 0) {
    std::string keys;
    for (const ast::Expression& key : index->key) {
      keys += (keys.empty() ? "" : ",") + grammar::print(key, {.without_ids = true});
    }
    return fmt::format("CREATE INDEX {} ON {} USING arrangement ({})",
                       grammar::print(ast::Ident{item->name}),
                       grammar::print(ast::Ident{catalog().item(index->on).name}), keys);
  }
  if (column < 0 || static_cast<std::size_t>(column) > index->key.size()) return std::nullopt;
  return grammar::print(index->key[static_cast<std::size_t>(column) - 1], {.without_ids = true});
}

std::optional<bool> CatalogAnswers::has_privilege(Oid role_oid, Privileged kind, Oid object,
                                                  std::string_view privileges) const {
  const Role* role = role_of(catalog(), role_oid);
  if (role == nullptr) return std::nullopt;
  const Acl* acl = nullptr;
  if (kind == Privileged::system) {
    acl = &catalog().system_privileges();
  } else if (kind == Privileged::schema) {
    if (const auto* schema = find_oid(catalog().schemas(), object)) acl = &schema->privileges;
  } else if (kind == Privileged::database) {
    if (const auto* in = find_oid(catalog().databases(), object)) acl = &in->privileges;
  } else if (kind == Privileged::cluster) {
    if (const auto* on = find_oid(catalog().clusters(), object)) acl = &on->privileges;
  } else if (const Item* item = catalog().find_by_oid(object)) {
    acl = &item->privileges;
  } else if (kind == Privileged::type && type_from_oid(object)) {
    return true;
  }
  if (acl == nullptr) return std::nullopt;
  const std::set<catalog::RoleId> roles = catalog::roles_of(catalog(), role->id);
  for (std::size_t begin = 0; begin <= privileges.size();) {
    const std::size_t end = std::min(privileges.find(',', begin), privileges.size());
    const catalog::PrivilegeSet wanted = privilege_named(privileges.substr(begin, end - begin));
    begin = end + 1;
    if (role->superuser) return true;
    for (const auto& entry : *acl) {
      if (roles.contains(entry.grantee) && (entry.privileges & wanted) != 0) return true;
    }
  }
  return false;
}

std::optional<Oid> CatalogAnswers::privileged_oid(Privileged kind, std::string_view name) const {
  switch (kind) {
    case Privileged::schema:
      return catalog().resolve_schema(grammar::parse_name(name), session_.scope()).oid;
    case Privileged::database:
      return catalog().resolve_database(name).oid;
    case Privileged::cluster:
      return catalog().resolve_cluster(name).oid;
    case Privileged::system:
      return 0;
    case Privileged::type: {
      const auto type = catalog().find_type(grammar::parse_name(name), session_.scope());
      return type ? std::optional(type->oid()) : std::nullopt;
    }
    default:
      return catalog().resolve_item(grammar::parse_name(name), session_.scope()).oid;
  }
}

bool CatalogAnswers::has_role(Oid member, Oid role, std::string_view) const {
  const Role* of = role_of(catalog(), member);
  const Role* wanted = role_of(catalog(), role);
  return of && wanted &&
         (of->superuser || catalog::roles_of(catalog(), of->id).contains(wanted->id));
}

std::vector<std::string> CatalogAnswers::current_schemas(bool with_implicit) const {
  std::vector<std::string> schemas;
  if (with_implicit) schemas = {"mz_catalog", "pg_catalog"};
  const catalog::NameScope scope = session_.scope();
  const catalog::Database* database = catalog().find_database(scope.database);
  for (const std::string& name : scope.search_path) {
    if (catalog().find_schema(database ? database->id : catalog::DatabaseId(), name))
      schemas.push_back(name);
  }
  return schemas;
}

std::optional<std::string> CatalogAnswers::setting(std::string_view name) const {
  const Variable* variable = find_variable(name);
  return variable ? std::optional(session_.variables().get(variable->name)) : std::nullopt;
}

bool CatalogAnswers::is_superuser() const {
  return session_.role().superuser;
}
std::int32_t CatalogAnswers::connection_id() const {
  return static_cast<std::int32_t>(session_.options().connection_id);
}
std::string CatalogAnswers::environment_id() const {
  return "tailrace";
}
std::int64_t CatalogAnswers::start_microseconds() const {
  static const std::int64_t started = now_microseconds();
  return started;
}

}  // namespace tailrace::engine
