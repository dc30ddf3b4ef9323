#include "engine/coordinator/ssh_connection.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "catalog/record_codec.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/tunnels.hpp"
#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using replication::ssh::PrivateKey;

void set_option(std::vector<ast::Option>& options, std::string_view name, const std::string& text) {
  const ast::OptionValue value{.node = ast::StringLiteral{text}};
  for (ast::Option& option : options) {
    if (option.name != name) continue;
    option.value = value;
    return;
  }
  options.push_back({.name = std::string(name), .value = value});
}

void set_keys(SessionState& session, catalog::Item& item, const std::vector<PrivateKey>& keys) {
  auto& connection = std::get<catalog::Connection>(item.body);
  connection.public_key_1 = keys.at(0).authorized_key();
  connection.public_key_2 = keys.at(1).authorized_key();
  ast::Statement statement = grammar::parse_statement(item.create_sql);
  auto& create = std::get<ast::CreateConnection>(statement.node);
  set_option(create.options, "PUBLIC KEY 1", connection.public_key_1);
  set_option(create.options, "PUBLIC KEY 2", connection.public_key_2);
  item.create_sql = grammar::print(statement);
  catalog::derive_from_sql(item);
  std::string bytes = encode_keys(keys);
  session.ddl().set_secret(item.id,
                           session.coordinator().secrets().seal(item.id.to_string(), bytes));
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

// Of the transaction if it made them.
std::vector<PrivateKey> keys_of(SessionState& session, catalog::ItemId id) {
  const auto fresh = session.ddl().secret_set(id);
  std::string bytes = fresh ? session.coordinator().secrets().unseal(id.to_string(), *fresh)
                            : session.coordinator().secret_value(id);
  std::vector<PrivateKey> keys = decode_keys(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return keys;
}

}  // namespace

void refuse_key_options(const std::vector<ast::Option>& options) {
  for (const ast::Option& option : options) {
    if (option.name != "PUBLIC KEY 1" && option.name != "PUBLIC KEY 2") continue;
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("the {} option cannot be explicitly specified", option.name))
        .position(option.position);
  }
}

void give_keys(SessionState& session, catalog::Item& connection) {
  set_keys(session, connection, {PrivateKey::generate(), PrivateKey::generate()});
}

void rotate_keys(SessionState& session, catalog::Item& connection) {
  const std::vector<PrivateKey> keys = keys_of(session, connection.id);
  set_keys(session, connection, {keys.at(1), PrivateKey::generate()});
}

void forget_host_key(SessionState& session, const catalog::Item& connection) {
  session.ddl().forget_host_key(connection.id);
}

void try_tunnel(SessionState& session, const catalog::Item& connection) {
  Coordinator& coordinator = session.coordinator();
  auto config = tunnel_options(coordinator, session.catalog(), connection);
  config.keys = keys_of(session, connection.id);
  if (!config.host_key && !session.ddl().forgets_host_key(connection.id))
    config.host_key = recorded_host_key(coordinator, connection.id);
  config.learn_host_key = [&](const std::string& host_key) {
    session.ddl().add_record(host_key_record(coordinator, connection.id, host_key));
  };
  const auto tunnel = replication::ssh::Tunnel::create([&] { return config; });
  tunnel->validate(session.cancel_token());
}

}  // namespace tailrace::engine
