#include "engine/coordinator/required_privileges.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/grant_targets.hpp"
#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

namespace {

using ast::ObjectKind;
using catalog::Guarded;
using catalog::ItemId;
using catalog::Privilege;
using catalog::WholeSystem;

class NeedsOf {
 public:
  explicit NeedsOf(SessionState& session)
      : session_(session), catalog_(session.catalog()), role_(session.role().id) {}

  Needs take() { return std::move(needs_); }

  // Queries and writes: once they are bound. DECLARE and EXECUTE run statements of their own.
  void operator()(const ast::SelectStatement&) {}
  void operator()(const ast::Subscribe&) {}
  void operator()(const ast::Insert&) {}
  void operator()(const ast::Update&) {}
  void operator()(const ast::Delete&) {}
  void operator()(const ast::CopyTo&) {}
  void operator()(const ast::Explain&) {}
  void operator()(const ast::Declare&) {}
  void operator()(const ast::Execute&) {}
  void operator()(const ast::CopyFrom& s) {
    const catalog::Item* table = find(s.target.name);
    if (table == nullptr) return;
    hold(table->id, {Privilege::insert});
    hold(table->schema, {Privilege::usage});
  }

  // What concerns the session alone.
  void operator()(const ast::Begin&) {}
  void operator()(const ast::Commit&) {}
  void operator()(const ast::Rollback&) {}
  void operator()(const ast::SetTransaction&) {}
  void operator()(const ast::Fetch&) {}
  void operator()(const ast::Close&) {}
  void operator()(const ast::Prepare&) {}
  void operator()(const ast::Deallocate&) {}
  void operator()(const ast::SetVariable&) {}
  void operator()(const ast::ResetVariable&) {}
  void operator()(const ast::Discard&) {}
  void operator()(const ast::Raise&) {}
  void operator()(const ast::Show& s) {
    const catalog::Item* shown = nullptr;
    if (const auto* columns = std::get_if<ast::ShowColumns>(&s.node)) {
      shown = find(columns->relation);
    } else if (const auto* create = std::get_if<ast::ShowCreate>(&s.node);
               create && create->kind != ObjectKind::cluster) {
      shown = find(create->name);
    }
    if (shown != nullptr) hold(shown->schema, {Privilege::usage});
  }

  // Creating
  void operator()(const ast::CreateSecret& s) { create_in_schema(s.name); }
  void operator()(const ast::CreateConnection& s) {
    create_in_schema(s.name);
    use_in_options(s.options);
  }
  void operator()(const ast::CreateSource& s) {
    create_in_schema(s.name);
    if (s.progress) create_in_schema(*s.progress);
    if (s.subsources) {
      if (const auto* tables = std::get_if<ast::ForTables>(&*s.subsources))
        create_aliases(tables->tables);
    }
    create_on_cluster(s.in_cluster);
    if (!s.connection.connection.parts.empty()) use(s.connection.connection);
  }
  void operator()(const ast::CreateTableFromSource& s) {
    create_in_schema(s.name);
    // It reads what the source can read, and its owner may show that to anybody.
    if (const catalog::Item* source = find(s.source)) {
      hold(source->schema, {Privilege::usage});
      hold(source->id, {Privilege::select});
    }
  }
  void operator()(const ast::CreateTable& s) { create_in_schema(s.name); }
  void operator()(const ast::CreateType& s) { create_in_schema(s.name); }
  void operator()(const ast::CreateView& s) {
    create_in_schema(s.name);
    if (s.or_replace) own(s.name);
  }
  void operator()(const ast::CreateMaterializedView& s) {
    create_in_schema(s.name);
    if (s.or_replace) own(s.name);
    create_on_cluster(s.in_cluster);
  }
  void operator()(const ast::CreateIndex& s) {
    const catalog::Item* on = find(s.on);
    if (on == nullptr) return;
    needs_.owned.push_back(on->id);
    hold(on->schema, {Privilege::create});
    create_on_cluster(s.in_cluster);
  }
  void operator()(const ast::CreateCluster&) { hold(WholeSystem{}, {Privilege::create_cluster}); }
  void operator()(const ast::CreateClusterReplica& s) { own_cluster(s.cluster.value); }
  void operator()(const ast::CreateDatabase&) { hold(WholeSystem{}, {Privilege::create_database}); }
  void operator()(const ast::CreateSchema& s) {
    const std::string& in =
        s.name.parts.size() == 2 ? s.name.parts[0].value : session_.variables().get("database");
    if (const auto* database = catalog_.find_database(in)) hold(database->id, {Privilege::create});
  }
  void operator()(const ast::CreateRole&) { hold(WholeSystem{}, {Privilege::create_role}); }

  // Altering
  void operator()(const ast::AlterRoleAttributes& s) {
    const catalog::Role* role = catalog_.find_role(s.name.value);
    const bool only_password = std::all_of(
        s.attributes.begin(), s.attributes.end(), [](const ast::RoleAttribute& attribute) {
          return attribute.kind == ast::RoleAttributeKind::password;
        });
    if (only_password && role && role->id == role_) return;  // everybody's own
    hold(WholeSystem{}, {Privilege::create_role});
  }
  void operator()(const ast::AlterRoleVariable& s) {
    const catalog::Role* role = catalog_.find_role(s.name.value);
    if (role == nullptr || role->id != role_) hold(WholeSystem{}, {Privilege::create_role});
  }
  void operator()(const ast::AlterSecret& s) { alter_in_schema(s.name); }
  void operator()(const ast::AlterConnection& s) {
    alter_in_schema(s.name);
    std::vector<ast::Option> set;
    for (const auto& action : s.actions) {
      if (const auto* one = std::get_if<ast::AlterConnectionSet>(&action))
        set.push_back(one->option);
    }
    use_in_options(set);
    // What it uses already goes wherever it connects to from now on.
    if (const catalog::Item* connection = find(s.name)) {
      for (const ItemId used : connection->uses) use(catalog_.item(used));
    }
  }
  void operator()(const ast::AlterSource& s) {
    own(s.name);
    const catalog::Item* source = find(s.name);
    if (const auto* added = std::get_if<ast::AddSubsources>(&s.action)) {
      if (source != nullptr) hold(source->schema, {Privilege::create});
      create_aliases(added->tables);
    } else if (const auto* dropped = std::get_if<ast::DropSubsources>(&s.action)) {
      for (const ast::ObjectName& name : dropped->names) drop_item(name);
    }
  }
  void operator()(const ast::AlterTableAddColumn& s) { own(s.name); }
  void operator()(const ast::ApplyReplacement& s) {
    own(s.name);
    own(s.replacement);
  }
  void operator()(const ast::AlterSetOptions& s) { own(s.kind, s.name); }
  void operator()(const ast::AlterResetOptions& s) { own(s.kind, s.name); }
  void operator()(const ast::AlterSetCluster& s) {
    own(s.kind, s.name);
    create_on_cluster(s.cluster);
  }
  void operator()(const ast::Rename& s) { own(s.kind, s.name); }
  void operator()(const ast::Swap& s) {
    own(s.kind, s.name);
    ast::ObjectName other = s.name;
    other.parts.back() = s.other;
    own(s.kind, other);
  }
  void operator()(const ast::SetOwner& s) {
    own(s.kind, s.name);
    be(s.role);
    const auto object = find_guarded(session_, s.kind, s.name);
    if (const auto container = object ? container_of(*object) : std::nullopt)
      hold(*container, {Privilege::create});
  }
  void operator()(const ast::CommentOn& s) {
    if (s.kind == ObjectKind::role) {
      hold(WholeSystem{}, {Privilege::create_role});
    } else if (s.kind == ObjectKind::column) {
      ast::ObjectName relation = s.name;
      relation.parts.pop_back();
      if (!relation.parts.empty()) own(relation);
    } else {
      own(s.kind, s.name);
    }
  }
  void operator()(const ast::AlterSystem&) {
    needs_.superuser = "permission denied to alter system variables";
  }
  void operator()(const ast::ValidateConnection& s) { use(s.name); }

  // Dropping
  void operator()(const ast::Drop& s) {
    if (s.kind == ObjectKind::role) return hold(WholeSystem{}, {Privilege::create_role});
    for (const ast::ObjectName& name : s.names) {
      const auto object = find_guarded(session_, s.kind, name);
      if (!object) continue;
      needs_.owned.push_back(*object);
      if (const auto container = container_of(*object)) hold(*container, {Privilege::usage});
    }
  }

  // Privileges and roles
  void operator()(const ast::GrantPrivileges& s) {
    if (std::holds_alternative<ast::SystemTarget>(s.target)) {
      needs_.superuser = "permission denied to GRANT/REVOKE SYSTEM PRIVILEGES";
      return;
    }
    for (const Guarded& object : grant_targets(session_, s.target)) {
      needs_.owned.push_back(object);
      if (const auto container = container_of(object)) hold(*container, {Privilege::usage});
    }
  }
  void operator()(const ast::GrantRoles&) { hold(WholeSystem{}, {Privilege::create_role}); }
  void operator()(const ast::AlterDefaultPrivileges& s) {
    if (s.for_roles.empty())
      needs_.superuser = "permission denied to ALTER DEFAULT PRIVILEGES FOR ALL ROLES";
    for (const ast::Ident& role : s.for_roles) be(role);
  }
  void operator()(const ast::ReassignOwned& s) {
    for (const ast::Ident& role : s.from) be(role);
    be(s.to);
  }
  void operator()(const ast::DropOwned& s) {
    for (const ast::Ident& role : s.roles) be(role);
  }

  // Reading with the rights of `as`: the session's role, or the owner of the view that reads.
  void read(const std::vector<ItemId>& items, catalog::RoleId as) {
    for (const ItemId id : items) {
      if (!read_.insert({id, as}).second) continue;
      const catalog::Item& item = catalog_.item(id);
      hold(item.schema, {Privilege::usage}, as);
      hold(id, {Privilege::select}, as);
      const bool reads_others = item.as<catalog::View>() || item.as<catalog::MaterializedView>();
      // Those of the system read what the system keeps.
      if (reads_others && id.is_user()) read(item.uses, item.owner);
    }
  }
  void read(const std::vector<ItemId>& items) { read(items, role_); }

  void compute() {
    if (const auto* cluster = catalog_.find_cluster(session_.variables().get("cluster")))
      hold(cluster->id, {Privilege::usage});
  }
  void hold(const Guarded& object, std::initializer_list<Privilege> privileges) {
    hold(object, privileges, role_);
  }

 private:
  void hold(const Guarded& object, std::initializer_list<Privilege> privileges,
            catalog::RoleId as) {
    needs_.privileges.push_back({object, catalog::set_of(privileges), as});
  }
  const catalog::Item* find(const ast::ObjectName& name) const {
    return catalog_.find_item(name, session_.scope());
  }
  static std::optional<Guarded> in_schema(const catalog::Item& item) { return item.schema; }
  std::optional<Guarded> container_of(const Guarded& object) const {
    if (const auto* item = std::get_if<ItemId>(&object)) return catalog_.item(*item).schema;
    const auto* schema = std::get_if<catalog::SchemaId>(&object);
    if (schema && catalog_.find(*schema)->database) return catalog_.find(*schema)->database;
    return std::nullopt;
  }

  void be(const ast::Ident& role) {
    if (const auto* found = catalog_.find_role(role.value)) needs_.member_of.push_back(found->id);
  }
  void own(const ast::ObjectName& name) {
    if (const catalog::Item* item = find(name)) needs_.owned.push_back(item->id);
  }
  void own(ObjectKind kind, const ast::ObjectName& name) {
    if (const auto object = find_guarded(session_, kind, name)) needs_.owned.push_back(*object);
  }
  void own_cluster(const std::string& name) {
    if (const auto* cluster = catalog_.find_cluster(name)) needs_.owned.push_back(cluster->id);
  }
  void alter_in_schema(const ast::ObjectName& name) {
    own(name);
    if (const catalog::Item* item = find(name)) hold(item->schema, {Privilege::usage});
  }
  void drop_item(const ast::ObjectName& name) { alter_in_schema(name); }
  void create_in_schema(const ast::ObjectName& name) {
    hold(catalog_.creation_target(name, session_.scope()).first->id, {Privilege::create});
  }
  void create_aliases(const std::vector<ast::ExternalReference>& tables) {
    for (const ast::ExternalReference& table : tables) {
      if (table.alias) create_in_schema(*table.alias);
    }
  }
  void create_on_cluster(const std::optional<ast::ClusterName>& name) {
    hold(session_.target_cluster(name).id, {Privilege::create});
  }
  void use(const ast::ObjectName& name) {
    if (const catalog::Item* item = find(name)) use(*item);
  }
  void use(const catalog::Item& item) {
    hold(item.schema, {Privilege::usage});
    hold(item.id, {Privilege::usage});
  }
  void use_in_options(const std::vector<ast::Option>& options) {
    std::vector<ItemId> used;
    qualify_options(catalog_, session_.scope(), options, used);
    for (const ItemId id : used) use(catalog_.item(id));
  }

  SessionState& session_;
  const catalog::Catalog& catalog_;
  catalog::RoleId role_;
  Needs needs_;
  std::set<std::pair<ItemId, catalog::RoleId>> read_;
};

SqlError refused(std::string message) {
  return SqlError(sqlstate::insufficient_privilege, std::move(message));
}

}  // namespace

Needs needs_of(SessionState& session, const ast::Statement& statement) {
  NeedsOf needs(session);
  std::visit(needs, statement.node);
  return needs.take();
}

Needs needs_of_reading(SessionState& session, const std::vector<ItemId>& named, bool computes) {
  NeedsOf needs(session);
  needs.read(named);
  if (computes) needs.compute();
  return needs.take();
}

Needs needs_of_writing(SessionState& session, const catalog::Item& table, Privilege privilege,
                       const std::vector<ItemId>& named) {
  NeedsOf needs(session);
  needs.hold(table.schema, {Privilege::usage});
  needs.hold(table.id, {privilege});
  needs.read(named);
  if (!named.empty()) needs.compute();
  return needs.take();
}

Needs needs_of_explaining(SessionState& session, const std::vector<ItemId>& named) {
  NeedsOf needs(session);
  for (const ItemId id : named) needs.hold(session.catalog().item(id).schema, {Privilege::usage});
  return needs.take();
}

bool is_restricted(SessionState& session) {
  if (session.role().superuser) return false;
  const auto& variables = session.catalog().system_variables();
  const auto checks = variables.find("enable_rbac_checks");
  return checks == variables.end() || as_boolean(checks->second);
}

void require(SessionState& session, const Needs& needs) {
  if (!is_restricted(session)) return;
  const catalog::Catalog& catalog = session.catalog();
  if (needs.superuser) throw refused(*needs.superuser).detail("You must be a superuser");
  const catalog::RoleId own = session.role().id;
  const std::set<catalog::RoleId> roles = catalog::roles_of(catalog, own);
  for (const catalog::RoleId role : needs.member_of) {
    if (!roles.contains(role))
      throw refused(fmt::format("must be a member of \"{}\"", catalog::role_name(catalog, role)));
  }
  std::string not_owned;
  for (const Guarded& object : needs.owned) {
    if (roles.contains(catalog::owner_of(catalog, object))) continue;
    if (!not_owned.empty()) not_owned += ", ";
    not_owned += catalog::kind_of(catalog, object) + " " + catalog::name_of(catalog, object);
  }
  if (!not_owned.empty()) throw refused("must be owner of " + not_owned);
  for (const Needs::Held& need : needs.privileges) {
    const std::set<catalog::RoleId> as =
        need.role == own ? roles : catalog::roles_of(catalog, need.role);
    const catalog::PrivilegeSet held = catalog::privileges_held(catalog, as, need.object);
    if ((held & need.privileges) == need.privileges) continue;
    const std::string object = catalog::describe(catalog, need.object);
    throw refused("permission denied for " + object)
        .detail(fmt::format("The '{}' role needs {} privileges on {}",
                            catalog::role_name(catalog, need.role),
                            catalog::privilege_words(need.privileges), object));
  }
}

}  // namespace tailrace::engine
