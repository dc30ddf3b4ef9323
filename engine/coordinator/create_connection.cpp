// Secrets and connections.
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "engine/coordinator/aws/aws_connection.hpp"
#include "engine/coordinator/aws/endpoint_manager.hpp"
#include "engine/coordinator/aws/new_aws_connection.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/options.hpp"
#include "engine/coordinator/ssh_connection.hpp"
#include "engine/coordinator/tunnels.hpp"
#include "engine/coordinator/variables.hpp"
#include "grammar/printer.hpp"
#include "replication/postgres/purification.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t secret_bytes_max = 512 * 1024;

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80    ? 1
                               : lead >= 0xf0 ? 4
                               : lead >= 0xe0 ? 3
                               : lead >= 0xc2 ? 2
                                              : 0;
    if (length == 0 || lead > 0xf4 || i + length > text.size()) return false;
    for (std::size_t j = 1; j < length; ++j) {
      if ((static_cast<unsigned char>(text[i + j]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

// Evaluates AS; what goes wrong inside is told vaguely, so that the value cannot leak through a message.
std::string secret_text(SessionState& session, const ast::Expression& expression) {
  const auto vague = [] {
    return SqlError(sqlstate::invalid_parameter_value, "could not evaluate secret value")
        .hint("Write the value as a string in single quotes, or as decode('...', 'base64').");
  };
  BindContext context = session.bind_context(Purpose::expression);
  // An untyped literal is read as bytea; what has another type is told so.
  const bool literal = std::holds_alternative<ast::StringLiteral>(expression.node) ||
                       std::holds_alternative<ast::NullLiteral>(expression.node);
  Value value;
  try {
    const ScalarPtr scalar =
        literal ? bind_scalar(expression, nullptr, context, TypeId::bytea, CastContext::implicit)
                : bind_scalar(expression, nullptr, context);
    if (scalar->type.id() != TypeId::bytea) {
      throw SqlError(sqlstate::datatype_mismatch,
                     fmt::format("AS must have type bytea, not type {}", scalar->type.name()))
          .position(expression.position);
    }
    const EvaluationContext evaluation{.session = &session.session_context(),
                                       .cancel = &session.cancel_token()};
    value = evaluate_constant(scalar, evaluation);
  } catch (const SqlError& error) {
    // Subqueries, aggregates and the like: the place has a name here.
    constexpr std::string_view place = "this expression ";
    if (error.state() == sqlstate::feature_not_supported && error.message().starts_with(place))
      throw SqlError(error.state(), "AS " + error.message().substr(place.size()));
    // These name types and kinds of expressions only. Any other may repeat the value, or what was meant to be one.
    if (error.state() == sqlstate::datatype_mismatch ||
        error.state() == sqlstate::feature_not_supported) {
      throw;
    }
    throw vague();
  }
  if (is_null(value))
    throw SqlError(sqlstate::null_value_not_allowed, "secret value can not be null");
  std::string text = std::get<std::string>(std::move(value));
  if (text.size() > secret_bytes_max) {
    throw SqlError(sqlstate::program_limit_exceeded, "secrets can not be bigger than 512KiB");
  }
  if (!is_utf8(text))
    throw SqlError(sqlstate::invalid_parameter_value, "secret value must be valid UTF-8");
  return text;
}

void refuse_in_block(SessionState& session, std::string_view statement) {
  if (!session.in_transaction_block()) return;
  throw SqlError(
      sqlstate::active_sql_transaction,
      fmt::format("{} AS '<REDACTED>' cannot be run inside a transaction block", statement));
}

std::string redacted_secret_sql(const ast::ObjectName& name) {
  return fmt::format("CREATE SECRET {} AS '********'", grammar::print(name));
}

void seal(SessionState& session, catalog::ItemId id, std::string text) {
  session.ddl().set_secret(id, session.coordinator().secrets().seal(id.to_string(), text));
  OPENSSL_cleanse(text.data(), text.size());
}

}  // namespace

StatementResult create_secret(SessionState& session, const ast::CreateSecret& statement) {
  refuse_in_block(session, fmt::format("CREATE SECRET {}", grammar::print(statement.name)));
  std::string text = secret_text(session, statement.value);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "secret"))
    return ddl_result("CREATE SECRET");
  catalog::Item item = new_item(session, statement.name);
  item.create_sql = redacted_secret_sql(full_name_of(session, item));
  check_object_limit(session.catalog(), "max_secrets", "Secret",
                     [](const catalog::Item& one) { return one.as<catalog::Secret>() != nullptr; });
  item.body = catalog::Secret{};
  const catalog::ItemId id = item.id;
  session.ddl().create(std::move(item));
  seal(session, id, std::move(text));
  return ddl_result("CREATE SECRET");
}

StatementResult alter_secret(SessionState& session, const ast::AlterSecret& statement) {
  refuse_in_block(session, fmt::format("ALTER SECRET {}", grammar::print(statement.name)));
  const catalog::Item* item = session.catalog().find_item(statement.name, session.scope());
  if (item == nullptr && statement.if_exists) {
    session.notice(fmt::format("SECRET \"{}\" does not exist, skipping", statement.name.last()),
                   sqlstate::undefined_object);
    return ddl_result("ALTER SECRET");
  }
  item = &session.catalog().resolve_item(statement.name, session.scope());
  if (item->as<catalog::Secret>() == nullptr) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is a {} not a secret", item->name, item->type_words()));
  }
  const catalog::ItemId id = item->id;
  seal(session, id, secret_text(session, statement.value));
  return ddl_result("ALTER SECRET");
}

namespace {

void require_validation_syntax(SessionState& session, std::string_view syntax) {
  if (as_boolean(system_variable(session.catalog().system_variables(),
                                 "enable_connection_validation_syntax"))) {
    return;
  }
  throw SqlError(sqlstate::feature_not_supported, fmt::format("{} is not available", syntax))
      .detail("The system setting enable_connection_validation_syntax is off.");
}

}  // namespace

bool wants_validation(SessionState& session, const std::vector<ast::Option>& with,
                      catalog::Connection::Kind kind) {
  if (!with.empty()) require_validation_syntax(session, "WITH (VALIDATE)");
  OptionReader options(with, "connections");
  const bool wanted =
      options.boolean("VALIDATE").value_or(kind == catalog::Connection::Kind::postgres);
  options.finish();
  return wanted;
}

namespace {

// Reads all options, or throws; with `validate` also tries what they say.
void try_options(SessionState& session, const catalog::Item& item, bool validate) {
  using Kind = catalog::Connection::Kind;
  Coordinator& coordinator = session.coordinator();
  switch (item.as<catalog::Connection>()->kind) {
    case Kind::ssh_tunnel:
      (void)tunnel_options(coordinator, session.catalog(), item);
      if (validate) try_tunnel(session, item);
      break;
    case Kind::aws: {
      const AwsConnection aws = read_aws_connection(coordinator, session.catalog(), item);
      if (aws.assumes_role() && aws.external_id.empty()) {
        throw SqlError(sqlstate::invalid_parameter_value,
                       "cannot ALTER an AWS connection with credentials to assume a role")
            .hint("A role needs an external id, which a new connection gets: create one.");
      }
      if (validate) validate_aws_connection(coordinator, aws, session.cancel_token());
      break;
    }
    case Kind::aws_privatelink:  // read when it is made, and not altered then
      if (validate) coordinator.endpoints().validate(item.id, session.cancel_token());
      break;
    default: {
      const auto config = postgres_connection(coordinator, session.catalog(), item);
      if (validate) replication::validate_connection(config, session.cancel_token());
    }
  }
}

}  // namespace

void check_connection(SessionState& session, const catalog::Item& connection, bool validate) {
  try_options(session, connection, false);
  if (!validate) return;
  try {
    try_options(session, connection, true);
  } catch (SqlError& error) {
    if (error.hint().empty())
      (void)error.hint("To skip these checks, add WITH (VALIDATE = false).");
    throw;
  }
}

namespace {

catalog::Connection::Kind kind_of(ast::ConnectionKind kind) {
  switch (kind) {
    case ast::ConnectionKind::postgres:
      return catalog::Connection::Kind::postgres;
    case ast::ConnectionKind::ssh_tunnel:
      return catalog::Connection::Kind::ssh_tunnel;
    case ast::ConnectionKind::aws_privatelink:
      return catalog::Connection::Kind::aws_privatelink;
    case ast::ConnectionKind::aws:
      return catalog::Connection::Kind::aws;
    default:
      throw unsupported("this kind of connection");
  }
}

template <catalog::Connection::Kind kind>
bool is_connection(const catalog::Item& item) {
  const auto* connection = item.as<catalog::Connection>();
  return connection != nullptr && connection->kind == kind;
}

void check_connection_limit(const catalog::Catalog& catalog, catalog::Connection::Kind kind) {
  using Kind = catalog::Connection::Kind;
  if (kind == Kind::aws_privatelink) {
    check_object_limit(catalog, "max_aws_privatelink_connections", "AWS PrivateLink Connection",
                       is_connection<Kind::aws_privatelink>);
  }
  if (kind == Kind::postgres) {
    check_object_limit(catalog, "max_postgres_connections", "PostgreSQL Connection",
                       is_connection<Kind::postgres>);
  }
}

}  // namespace

StatementResult create_connection(SessionState& session, const ast::CreateConnection& statement) {
  catalog::Connection connection;
  connection.kind = kind_of(statement.kind);
  refuse_key_options(statement.options);
  const bool validate = wants_validation(session, statement.with, connection.kind);
  if (!name_is_free(session, statement.name, statement.if_not_exists, "connection")) {
    return ddl_result("CREATE CONNECTION");
  }
  check_connection_limit(session.catalog(), connection.kind);
  // What takes a network comes before anything that others wait for.
  const AwsBeginnings beginnings = begin_aws_connection(session, connection, statement.options);
  if (validate && (beginnings.endpoint || beginnings.assumes_role)) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   "this connection cannot be validated before it exists")
        .hint("Create it, let the other side accept it, and run VALIDATE CONNECTION.");
  }
  catalog::Item item = new_item(session, statement.name);
  if (beginnings.assumes_role) connection.external_id = make_external_id(item.id);
  if (beginnings.endpoint) session.ddl().add_record(put_endpoint(item.id, *beginnings.endpoint));
  connection.options =
      qualify_options(session.catalog(), session.scope(), statement.options, item.uses);
  ast::CreateConnection normalised = statement;
  normalised.name = full_name_of(session, item);
  normalised.if_not_exists = false;
  normalised.options = connection.options;
  normalised.with.clear();
  item.create_sql = grammar::print(ast::Statement{normalised});
  item.body = std::move(connection);
  check_connection(session, item, false);
  if (normalised.kind == ast::ConnectionKind::ssh_tunnel) give_keys(session, item);
  if (validate) check_connection(session, item, true);
  session.ddl().create(std::move(item));
  return ddl_result("CREATE CONNECTION");
}

StatementResult execute_validate(SessionState& session, const ast::ValidateConnection& statement) {
  require_validation_syntax(session, "VALIDATE CONNECTION");
  const catalog::Item& item = session.catalog().resolve_item(statement.name, session.scope());
  const auto* connection = item.as<catalog::Connection>();
  if (connection == nullptr) {
    throw SqlError(sqlstate::wrong_object_type, fmt::format("{} is not a connection", item.name));
  }
  if (connection->kind == catalog::Connection::Kind::ssh_tunnel) {
    session.coordinator().tunnels().get(item.id)->validate(session.cancel_token());
  } else {
    try_options(session, item, true);
  }
  return ddl_result("VALIDATE CONNECTION");
}

}  // namespace tailrace::engine
