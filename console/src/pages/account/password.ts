/** Characters; the API asks for as many (api/manage/sessions.py). */
export const MIN_PASSWORD = 10;
