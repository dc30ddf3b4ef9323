#include "engine/coordinator/connection_config.hpp"

#include <fmt/format.h>

#include "engine/coordinator/aws/aws_connection.hpp"
#include "engine/coordinator/aws/endpoint_path.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/options.hpp"
#include "engine/coordinator/pem.hpp"
#include "engine/coordinator/tunnels.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

using replication::ConnectionConfig;

std::shared_ptr<replication::ssh::Tunnel> tunnel_named(Coordinator& coordinator,
                                                       const catalog::Catalog& catalog,
                                                       const catalog::NameScope& scope,
                                                       const ast::ObjectName& name) {
  const catalog::Item& item = catalog.resolve_item(name, scope);
  const auto* connection = item.as<catalog::Connection>();
  if (connection == nullptr || connection->kind != catalog::Connection::Kind::ssh_tunnel) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not an SSH connection", item.name))
        .position(name.position);
  }
  return coordinator.tunnels().get(item.id);
}

ConnectionConfig::SslMode ssl_mode(const std::string& text) {
  if (text == "disable") return ConnectionConfig::SslMode::disable;
  if (text == "require") return ConnectionConfig::SslMode::require;
  if (text == "verify_ca" || text == "verify-ca") return ConnectionConfig::SslMode::verify_ca;
  if (text == "verify_full" || text == "verify-full") return ConnectionConfig::SslMode::verify_full;
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid CONNECTION: unknown SSL MODE \"{}\"", text))
      .hint("Available modes: disable, require, verify_ca, verify_full.");
}

std::string required(std::optional<std::string> value, std::string_view name) {
  if (value) return *std::move(value);
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid CONNECTION: {} option is required", name));
}

// Without a password of its own the connection logs in by a token, which only TLS may carry.
void set_aws_login(Coordinator& coordinator, const catalog::Catalog& catalog,
                   const catalog::NameScope& scope, OptionReader& options,
                   ConnectionConfig& config) {
  const auto name = options.object("AWS CONNECTION");
  if (!name) return;
  const AwsConnection aws =
      read_aws_connection(coordinator, catalog, catalog.resolve_item(*name, scope));
  if (config.password) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: only one of PASSWORD and AWS CONNECTION may be set");
  }
  if (config.ssl_mode == ConnectionConfig::SslMode::disable) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: AWS IAM authentication requires SSL to be enabled")
        .hint("Set SSL MODE to require, verify_ca or verify_full.");
  }
  config.aws_login = make_aws_login(coordinator, aws);
}

}  // namespace

std::string read_secret(Coordinator& coordinator, const catalog::Catalog& catalog,
                        const catalog::NameScope& scope, const ast::ObjectName& name) {
  const catalog::Item& item = catalog.resolve_item(name, scope);
  if (item.as<catalog::Secret>() == nullptr) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is {} {} not a secret", item.name,
                               item.as<catalog::Index>() ? "an" : "a", item.type_words()));
  }
  return coordinator.secret_value(item.id);
}

std::optional<std::string> text_or_secret(Coordinator& coordinator, const catalog::Catalog& catalog,
                                          const catalog::NameScope& scope, OptionReader& options,
                                          std::string_view name) {
  const ast::OptionValue* value = options.value(name);
  if (value != nullptr && std::holds_alternative<ast::SecretReference>(value->node)) {
    return read_secret(coordinator, catalog, scope, *options.secret(name));
  }
  return options.text(name);
}

ConnectionConfig postgres_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                     const catalog::NameScope& scope,
                                     const std::vector<ast::Option>& given) {
  OptionReader options(given, "POSTGRES connections");
  ConnectionConfig config;
  config.host = required(options.text("HOST"), "HOST");
  config.port = port_of(options.number("PORT").value_or(5432));
  config.database = required(options.text("DATABASE"), "DATABASE");
  config.user = required(text_or_secret(coordinator, catalog, scope, options, "USER"), "USER");
  if (options.has("PASSWORD")) {
    config.password = read_secret(coordinator, catalog, scope, *options.secret("PASSWORD"));
  }
  if (const auto mode = options.text("SSL MODE")) config.ssl_mode = ssl_mode(*mode);
  config.ssl_certificate_authority =
      text_or_secret(coordinator, catalog, scope, options, "SSL CERTIFICATE AUTHORITY");
  config.ssl_certificate = text_or_secret(coordinator, catalog, scope, options, "SSL CERTIFICATE");
  if (options.has("SSL KEY"))
    config.ssl_key = read_secret(coordinator, catalog, scope, *options.secret("SSL KEY"));
  if (config.ssl_certificate_authority)
    check_certificates("SSL CERTIFICATE AUTHORITY", *config.ssl_certificate_authority);
  if (config.ssl_certificate) check_certificates("SSL CERTIFICATE", *config.ssl_certificate);
  if (config.ssl_key) check_private_key("SSL KEY", *config.ssl_key);
  if (config.ssl_key.has_value() != config.ssl_certificate.has_value()) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: both SSL KEY and SSL CERTIFICATE are required");
  }
  if (options.has("SSH TUNNEL") && options.has("AWS PRIVATELINK")) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: only one of SSH TUNNEL and AWS PRIVATELINK may be set");
  }
  if (const auto tunnel = options.object("SSH TUNNEL"))
    config.tunnel = tunnel_named(coordinator, catalog, scope, *tunnel);
  set_aws_login(coordinator, catalog, scope, options, config);
  if (options.value("AWS PRIVATELINK") != nullptr)
    go_through(coordinator, *endpoint_path(catalog, scope, given), config);
  options.finish();
  apply_network_settings(coordinator, catalog, config);
  return config;
}

ConnectionConfig postgres_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                     const catalog::Item& item) {
  const auto* connection = item.as<catalog::Connection>();
  if (connection == nullptr || connection->kind != catalog::Connection::Kind::postgres) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not a POSTGRES CONNECTION", item.name));
  }
  return postgres_connection(coordinator, catalog, {}, connection->options);
}

namespace {

// Of an object that is known by its id.
void forget_name(ast::ObjectName& name) {
  if (!name.id.empty()) name.parts = {{name.id, 0}};
}

}  // namespace

std::string connection_settings(const catalog::Catalog& catalog, catalog::ItemId id) {
  const catalog::Item* item = catalog.find(id);
  const auto* connection = item ? item->as<catalog::Connection>() : nullptr;
  if (connection == nullptr) return "";
  std::string settings = id.to_string();
  for (ast::Option option : connection->options) {
    if (option.name.starts_with("PUBLIC KEY")) continue;
    if (option.value) {
      if (auto* secret = std::get_if<ast::SecretReference>(&option.value->node))
        forget_name(secret->name);
      if (auto* object = std::get_if<ast::ObjectName>(&option.value->node)) forget_name(*object);
      if (auto* with = std::get_if<ast::ObjectWithOptions>(&option.value->node))
        forget_name(with->name);
    }
    settings += "\n" + grammar::print(option);
  }
  for (const catalog::ItemId used : item->uses)
    settings += "\n" + connection_settings(catalog, used);
  return settings;
}

std::uint16_t port_of(std::int64_t number) {
  if (number >= 1 && number <= 65535) return static_cast<std::uint16_t>(number);
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid PORT: {} is not a port", number));
}

std::vector<ast::Option> qualify_options(const catalog::Catalog& catalog,
                                         const catalog::NameScope& scope,
                                         const std::vector<ast::Option>& options,
                                         std::vector<catalog::ItemId>& uses) {
  std::vector<ast::Option> qualified = options;
  for (ast::Option& option : qualified) {
    if (!option.value) continue;
    ast::ObjectName* name = nullptr;
    if (auto* secret = std::get_if<ast::SecretReference>(&option.value->node)) name = &secret->name;
    // Only these options name objects; a bare word elsewhere is text.
    const bool names_object = option.name == "SSH TUNNEL" || option.name == "AWS PRIVATELINK" ||
                              option.name == "AWS CONNECTION";
    if (names_object) {
      name = std::get_if<ast::ObjectName>(&option.value->node);
      if (auto* with = std::get_if<ast::ObjectWithOptions>(&option.value->node)) name = &with->name;
    }
    if (name == nullptr) continue;
    const catalog::Item& item = catalog.resolve_item(*name, scope);
    uses.push_back(item.id);
    *name = catalog.object_name(item);
    name->id = item.id.to_string();
  }
  return qualified;
}

}  // namespace tailrace::engine
