import { Button, PasswordInput, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { Copyable } from "../../components/Copyable";
import { CredentialFields, isShown, type Values } from "../../components/CredentialFields";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { scopesOf } from "./componentsOf";
import { useUses } from "./useUses";

type Client = components["schemas"]["OAuthClient"];

interface Props {
  projectId: string;
  app: components["schemas"]["AppView"];
  integration?: components["schemas"]["IntegrationView"];
  submit: string;
  isSaving: boolean;
  error: Error | null;
  onSubmit: (form: Client) => void;
}

/** What an app asks of the developer: the OAuth client, its scopes, settings; often nothing. */
export function IntegrationForm(props: Props) {
  const { projectId, app, integration, submit, isSaving, error, onSubmit } = props;
  const { t } = useTranslation();
  const uses = useUses(projectId);
  const needed = scopesOf(app, new Set([...uses.components.values()].flatMap((keys) => [...keys])));
  const [clientId, setClientId] = useState(integration?.clientId ?? "");
  const [clientSecret, setClientSecret] = useState("");
  const [chosen, setChosen] = useState<string[] | null>(integration?.scopes ?? null);
  const [settings, setSettings] = useState<Values>(() => known(integration));
  const faults = faultsOf(error);
  const isOAuth = app.authType.startsWith("oauth");
  const hasScopes = app.authType !== "oauth1" && (app.authType === "oauth2" || app.needsClient);
  const scopes = chosen ?? needed;
  const lacking = needed.filter((scope) => !scopes.includes(scope));
  const offered = [...new Set([...app.components, ...app.triggers].flatMap((one) => one.scopes))];
  const kept = Object.entries(integration?.settings ?? {})
    .filter(([, value]) => value === null)
    .map(([name]) => name);

  const send = () => {
    const form: Client = {};
    if (app.needsClient) {
      form.clientId = clientId.trim();
      if (clientSecret) form.clientSecret = clientSecret;
    }
    // Left empty: all that the app's components need, as the API chooses for a new integration.
    if (hasScopes) form.scopes = scopes.length > 0 ? scopes : offered;
    if (app.integrationFields.length > 0) {
      const shown = app.integrationFields.filter((field) => isShown(field, settings));
      form.settings = Object.fromEntries(
        shown.map(({ name }) => [name, settings[name]]).filter(([, value]) => value),
      );
    }
    onSubmit(form);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack>
        {!app.needsClient && app.integrationFields.length === 0 && (
          <Text size="sm">{t("settings.appAsksNothing", { app: app.name })}</Text>
        )}
        {isOAuth && (
          <Copyable
            label={t("settings.redirectUrl")}
            description={t("settings.redirectUrlHint", { app: app.name })}
            value={integration?.redirectUri ?? `${window.location.origin}/api/v1/oauth/callback`}
          />
        )}
        {app.needsClient && (
          <>
            <TextInput
              required
              label={t("settings.clientId")}
              description={t("settings.clientIdHint", { app: app.name })}
              autoComplete="off"
              value={clientId}
              error={faults.clientId}
              onChange={(event) => setClientId(event.currentTarget.value)}
            />
            <PasswordInput
              label={t("settings.clientSecret")}
              autoComplete="new-password"
              placeholder={integration?.hasClientSecret ? t("settings.kept") : undefined}
              value={clientSecret}
              error={faults.clientSecret}
              onChange={(event) => setClientSecret(event.currentTarget.value)}
            />
          </>
        )}
        {hasScopes && (
          <TagsInput
            label={t("settings.scopes")}
            description={t("settings.scopesHint")}
            data={offered}
            value={scopes}
            error={faults.scopes}
            onChange={setChosen}
            splitChars={[",", " "]}
            clearable
            clearButtonProps={{ "aria-label": t("settings.scopesClear") }}
          />
        )}
        {hasScopes && scopes.length > 0 && lacking.length > 0 && (
          <Text size="sm" c="orange.9">
            {t("settings.scopesLack", { scopes: lacking.join(", ") })}
          </Text>
        )}
        <CredentialFields
          fields={app.integrationFields}
          values={settings}
          kept={kept}
          keptHint={t("settings.kept")}
          errors={nested(faults)}
          onChange={(name, value) => setSettings((before) => ({ ...before, [name]: value }))}
        />
        <ErrorAlert error={error} />
        <Button type="submit" loading={isSaving}>
          {submit}
        </Button>
      </Stack>
    </form>
  );
}

function known(integration: Props["integration"]): Values {
  const found = Object.entries(integration?.settings ?? {});
  return Object.fromEntries(
    found.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

/** Faults of `settings.<name>` by name. */
function nested(faults: Values): Values {
  const found = Object.entries(faults).filter(([path]) => path.startsWith("settings."));
  return Object.fromEntries(found.map(([path, text]) => [path.slice("settings.".length), text]));
}
