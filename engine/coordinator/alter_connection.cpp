// ALTER CONNECTION: its options, all of one statement together or none.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/record_codec.hpp"
#include "engine/coordinator/aws/new_aws_connection.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/options.hpp"
#include "engine/coordinator/ssh_connection.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using catalog::Connection;

// What the actions of a statement make of the options.
struct Changes {
  std::vector<ast::Option> set;
  std::set<std::string, std::less<>> reset;

  bool touch(std::initializer_list<std::string_view> options) const {
    return std::any_of(options.begin(), options.end(), [this](std::string_view name) {
      return reset.contains(name) ||
             std::any_of(set.begin(), set.end(), [&](const auto& o) { return o.name == name; });
    });
  }
};

Changes changes_of(const ast::AlterConnection& statement) {
  Changes changes;
  for (const auto& action : statement.actions) {
    if (const auto* set = std::get_if<ast::AlterConnectionSet>(&action))
      changes.set.push_back(set->option);
    if (const auto* reset = std::get_if<ast::AlterConnectionReset>(&action))
      changes.reset.insert(reset->option);
  }
  std::set<std::string_view> seen;
  for (const ast::Option& option : changes.set) {
    if (!seen.insert(option.name).second) {
      throw SqlError(sqlstate::syntax_error,
                     fmt::format("{} specified more than once", option.name))
          .position(option.position);
    }
    if (changes.reset.contains(option.name)) {
      throw SqlError(sqlstate::syntax_error,
                     fmt::format("cannot both SET and DROP/RESET options {}", option.name))
          .position(option.position);
    }
  }
  return changes;
}

// A source is bound to its database: in another one the same tables have other identities.
void refuse_fixed_options(Connection::Kind kind, const Changes& changes) {
  refuse_key_options(changes.set);
  if (kind != Connection::Kind::postgres) return;
  const bool set = std::any_of(changes.set.begin(), changes.set.end(),
                               [](const ast::Option& option) { return option.name == "DATABASE"; });
  if (!set) return;
  throw SqlError(sqlstate::invalid_parameter_value, "cannot ALTER POSTGRES option DATABASE")
      .hint("A source follows the tables of one database: make a connection for the other one.");
}

std::vector<ast::Option> apply(const Changes& changes, std::vector<ast::Option> options) {
  std::erase_if(options,
                [&](const ast::Option& option) { return changes.reset.contains(option.name); });
  for (const ast::Option& change : changes.set) {
    const auto same = std::find_if(options.begin(), options.end(), [&](const ast::Option& option) {
      return option.name == change.name;
    });
    if (same == options.end()) {
      options.push_back(change);
    } else {
      *same = change;
    }
  }
  return options;
}

// The item with these options, as if it had been created with them.
void set_options(SessionState& session, catalog::Item& item, std::vector<ast::Option> options) {
  item.uses.clear();
  ast::Statement statement = grammar::parse_statement(item.create_sql);
  auto& create = std::get<ast::CreateConnection>(statement.node);
  create.options = qualify_options(session.catalog(), session.scope(), options, item.uses);
  item.create_sql = grammar::print(statement);
  catalog::derive_from_sql(item);
}

}  // namespace

StatementResult alter_connection(SessionState& session, const ast::AlterConnection& statement) {
  const catalog::Item* found = session.catalog().find_item(statement.name, session.scope());
  if (found == nullptr && statement.if_exists) {
    session.notice(fmt::format("CONNECTION \"{}\" does not exist, skipping", statement.name.last()),
                   sqlstate::undefined_object);
    return ddl_result("ALTER CONNECTION");
  }
  found = &session.catalog().resolve_item(statement.name, session.scope());
  const auto* connection = found->as<Connection>();
  if (connection == nullptr) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is a {} not a connection", found->name, found->type_words()))
        .position(statement.name.position);
  }
  require_system_ok(*found, session.catalog());
  const bool rotates =
      std::any_of(statement.actions.begin(), statement.actions.end(), [](const auto& action) {
        return std::holds_alternative<ast::AlterConnectionRotateKeys>(action);
      });
  if (rotates) {
    if (statement.actions.size() > 1) {
      throw SqlError(sqlstate::syntax_error,
                     "cannot specify any other actions alongside ALTER CONNECTION...ROTATE KEYS");
    }
    if (!statement.with.empty()) {
      throw SqlError(sqlstate::syntax_error,
                     "ALTER CONNECTION...ROTATE KEYS does not support WITH (VALIDATE = ...)");
    }
    if (connection->kind != Connection::Kind::ssh_tunnel) {
      throw SqlError(sqlstate::wrong_object_type,
                     fmt::format("{} is not an SSH connection", found->name))
          .position(statement.name.position);
    }
    catalog::Item rotated = *found;
    rotate_keys(session, rotated);
    session.ddl().replace(std::move(rotated));
    return ddl_result("ALTER CONNECTION");
  }
  const bool validate = wants_validation(session, statement.with, connection->kind);
  const Changes changes = changes_of(statement);
  refuse_fixed_options(connection->kind, changes);
  catalog::Item item = *found;
  set_options(session, item, apply(changes, connection->options));
  if (connection->kind == Connection::Kind::aws_privatelink)
    replace_endpoint(session, item, connection->options, validate);
  // A host key belongs to an address; another one is known only once it has been seen.
  if (changes.touch({"HOST", "PORT", "HOST KEY"})) forget_host_key(session, item);
  check_connection(session, item, validate);
  session.ddl().replace(std::move(item));
  return ddl_result("ALTER CONNECTION");
}

}  // namespace tailrace::engine
