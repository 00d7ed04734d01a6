import { Anchor, Button, NumberInput, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Copyable } from "../../components/Copyable";
import { CredentialFields, isShown, type Values } from "../../components/CredentialFields";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { Scopes } from "./Scopes";
import { type AppView, type Client, type Integration, delivers } from "./useIntegrations";

interface Props {
  app: AppView;
  integration?: Integration;
  /** The scopes that the project's automations need of the app. */
  needed: string[];
  submit: string;
  isSaving: boolean;
  error: Error | null;
  onSubmit: (form: Client) => void;
}

/** What an app asks of the developer: the OAuth client, its scopes, settings. */
export function IntegrationForm(props: Props) {
  const { app, integration, needed, submit, isSaving, error, onSubmit } = props;
  const { t } = useTranslation();
  const [clientId, setClientId] = useState(integration?.clientId ?? "");
  const [clientSecret, setClientSecret] = useState("");
  const [scopes, setScopes] = useState(integration?.scopes ?? needed);
  const [settings, setSettings] = useState<Values>(() => known(integration));
  const [tolerance, setTolerance] = useState<number | string>(
    integration?.signatureToleranceSeconds ?? "",
  );
  const faults = faultsOf(error);
  const hasScopes = app.authType !== "oauth1" && (app.authType === "oauth2" || app.needsClient);
  const kept = Object.entries(integration?.settings ?? {})
    .filter(([, value]) => value === null)
    .map(([name]) => name);

  const send = () => {
    const form: Client = {};
    if (app.needsClient) {
      form.clientId = clientId.trim();
      if (clientSecret) form.clientSecret = clientSecret;
    }
    // None ticked: all that the app's components need, as the API chooses for a new integration.
    if (hasScopes) form.scopes = scopes.length > 0 ? scopes : app.scopes;
    if (app.integrationFields.length > 0) {
      const shown = app.integrationFields.filter((field) => isShown(field, settings));
      form.settings = Object.fromEntries(
        shown.map(({ name }) => [name, settings[name]]).filter(([, value]) => value),
      );
    }
    if (delivers(app)) form.signatureToleranceSeconds = tolerance === "" ? null : Number(tolerance);
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
        {app.needsClient && (
          <Text size="sm">
            {t("settings.registerText", { app: app.name })}{" "}
            {app.registerUrl && (
              <Anchor href={app.registerUrl} target="_blank" rel="noreferrer" underline="always">
                {t("settings.registerAt", { app: app.name })} ↗
              </Anchor>
            )}
          </Text>
        )}
        {app.redirectUri && (
          <Copyable
            label={t("settings.redirectUrl")}
            description={t("settings.redirectUrlHint", { app: app.name })}
            value={app.redirectUri}
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
          <Scopes
            offered={app.scopes}
            ofOptions={app.optionScopes}
            needed={needed}
            value={scopes}
            error={faults.scopes}
            onChange={setScopes}
          />
        )}
        <CredentialFields
          fields={app.integrationFields}
          values={settings}
          kept={kept}
          keptHint={t("settings.kept")}
          errors={nested(faults)}
          onChange={(name, value) => setSettings((before) => ({ ...before, [name]: value }))}
        />
        {delivers(app) && (
          <NumberInput
            label={t("settings.tolerance")}
            description={t("settings.toleranceHint")}
            min={1}
            max={86_400}
            allowDecimal={false}
            value={tolerance}
            error={faults.signatureToleranceSeconds}
            onChange={setTolerance}
          />
        )}
        <ErrorAlert error={error} />
        <Button type="submit" loading={isSaving}>
          {submit}
        </Button>
      </Stack>
    </form>
  );
}

function known(integration: Integration | undefined): Values {
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
