// In place of country-iso-search: countries come as ISO 3166-1 alpha-3 codes, so nothing looks up their names.

export const COUNTRIES = [];
export const createLookup = () => ({ lookupAlpha3: () => undefined });
