"""Common given names and surnames of people who write in English."""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    Aaron Abigail Adam Adrian Aisha Alan Albert Alejandro Alex Alexander Alexandra Alexis Alfred Alice Alicia Alison
    Allison Amanda Amelia Amy Ana Andre Andrea Andrew Angela Anita Ann Anna Anne Annie Anthony Antonio Arthur Ashley
    Audrey Barbara Beatrice Ben Benjamin Bernard Beth Bethany Betty Beverly Bob Bobby Bonnie Brandon Brenda Brian
    Bruce Bryan Caleb Cameron Carl Carla Carlos Carmen Carol Caroline Carolyn Catherine Cathy Cecilia Charles Charlie
    Cheryl Chris Christina Christine Christopher Cindy Claire Clara Claudia Colin Connor Craig Cynthia Daniel Daniela
    Danielle David Deborah Debra Denise Dennis Derek Diana Diane Diego Dmitri Dominic Donald Donna Doris Dorothy
    Douglas Duncan Dylan Edith Edward Edwin Eileen Elaine Eleanor Elena Eli Elias Elijah Elizabeth Ella Ellen Emily
    Emma Eric Erica Erik Erin Ethan Eugene Eva Evan Evelyn Fatima Felix Fernando Fiona Frances Francesca Francis
    Francisco Fred Frederick Gabriel Gareth Gary Gavin George Gerald Gina Gloria Gordon Graham Greg Gregory Hannah
    Harold Harriet Harry Hassan Heather Helen Henry Howard Hugh Ian Ibrahim Ingrid Irene Isaac Isabel Isabella
    Isabelle Ivan Jacob Jacqueline Jake James Jamie Jane Janet Janice Jason Javier Jean Jeff Jeffrey Jennifer Jenny
    Jeremy Jerry Jesse Jessica Jim Jimmy Joan Joanna Joe Joel Johanna John Johnny Jonathan Jose Joseph Joshua Joyce
    Juan Judith Judy Julia Julian Julie Justin Karen Karl Kate Katherine Kathleen Kathryn Katie Keith Kelly Ken
    Kenneth Kevin Kimberly Kyle Larry Laura Lauren Lawrence Leah Leo Leon Leonard Leslie Liam Linda Lisa Liz Lois
    Lorraine Louis Louise Lucas Lucy Luis Luke Lydia Lynn Marcus Margaret Maria Marie Marilyn Marina Mario Martha
    Martin Mary Mathew Matthew Maureen Megan Melanie Melissa Mia Michael Michelle Miguel Mike Mohamed Mohammad
    Mohammed Monica Muhammad Nadia Nancy Naomi Natalie Natasha Nathan Nathaniel Neil Nicholas Nick Nicola Nicole Nina
    Noah Nora Norman Oliver Olivia Omar Oscar Owen Pablo Pamela Patricia Patrick Paul Paula Pauline Pedro Peggy Peter
    Philip Phillip Phyllis Priya Rachel Rafael Rahul Ralph Raymond Rebecca Ricardo Richard Rita Robert Roberta Roberto
    Rodney Roger Ronald Rosa Rosemary Roy Russell Ruth Ryan Sam Samantha Samuel Sandra Sara Sarah Scott Sean Sebastian
    Sergio Sharon Sheila Shirley Simon Sonia Sophia Sophie Stanley Stella Stephanie Stephen Steve Steven Stuart Susan
    Suzanne Sylvia Tamara Tanya Tara Teresa Terry Theodore Theresa Thomas Tiffany Tim Timothy Tina Todd Tom Tony Tracy
    Tyler Valerie Vanessa Vera Veronica Vincent Vivian Walter Wanda Wayne Wendy William Yasmin Yolanda Yusuf Yvonne
    Zachary Zoe
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Names that are hardly anything else."""

AMBIGUOUS_GIVEN_NAMES = frozenset(
    """
    Amber Angel April Art Austin Autumn Bill Brooklyn Carter Chance Charity Charlotte Chase Chelsea Cliff Crystal
    Daisy Dallas Dawn Dean Drew Earl Eve Faith Florence Frank Gene Georgia Grace Grant Guy Harmony Hope Hunter Iris
    Israel Ivy Jack Jackson Jade Jasmine Jay Jordan Josh Joy June Kay Lance Lee Lily Logan Madison Mark Mason Max May
    Melody Miles Morgan Olive Paris Parker Pat Pearl Phil Ray Rich Rob Rose Ruby Sandy Savannah Sidney Skip Spencer
    Sterling Sue Summer Sydney Taylor Trinity Victor Victoria Violet Virginia Christian Holly Robin Sofia Wade Ward
    Warren Will
    """.split()  # noqa: SIM905 - as above
)
"""Names that are words, months, or places as well."""

SURNAMES = frozenset(
    """
    Adams Ahmed Alexander Ali Allen Alvarez Anderson Andrews Armstrong Arnold Atkinson Austin Bailey Baker Ball Barber
    Barker Barnes Barrett Barry Bates Becker Bell Bennett Berry Bishop Black Bradley Brooks Brown Bryant Burke Burns
    Burton Butler Byrne Campbell Carlson Carpenter Carr Carroll Carter Castillo Castro Chan Chandler Chang Chapman
    Chavez Chen Choi Clark Clarke Cohen Cole Coleman Collins Cook Cooper Cox Craig Crawford Cruz Cunningham Curtis
    Daniels Davies Davis Dawson Dean Diaz Dixon Douglas Doyle Duncan Dunn Edwards Elliott Ellis Evans Ferguson
    Fernandez Fisher Fitzgerald Fleming Fletcher Flores Ford Foster Fox Francis Franklin Fraser Freeman Fuller Garcia
    Gardner Garrett George Gibson Gilbert Gomez Gonzales Gonzalez Goodwin Gordon Graham Gray Green Greene Griffin
    Griffiths Gupta Gutierrez Hall Hamilton Hansen Hanson Harper Harris Harrison Hart Harvey Hassan Hawkins Hayes
    Henderson Henry Hernandez Herrera Hicks Hill Hoffman Holland Holmes Howard Howell Hudson Hughes Hunt Hunter
    Hussain Ibrahim Jackson Jacobs James Jenkins Jensen Jimenez Johnson Johnston Jones Jordan Joseph Kaur Kelley Kelly
    Kennedy Khan Kim King Klein Knight Kowalski Kumar Lane Larson Lawrence Lawson Lee Lewis Li Lin Lloyd Long Lopez
    Lynch MacDonald Marshall Martin Martinez Mason Matthews May McCarthy McDonald Medina Mendoza Meyer Miller Mills
    Mitchell Moore Morales Moreno Morgan Morris Morrison Mueller Muller Murphy Murray Myers Nelson Newman Nichols
    Novak O'Brien O'Connor O'Neill Oliver Olson Ortiz Owens Palmer Parker Parsons Patel Patterson Payne Pearson Perez
    Perkins Perry Peters Peterson Phillips Pierce Porter Powell Price Quinn Ramirez Ramos Reed Reid Reyes Reynolds
    Rice Richards Richardson Riley Rivera Roberts Robertson Robinson Rodriguez Rogers Romero Rose Ross Rossi Russell
    Ryan Salazar Sanchez Sanders Sandoval Santos Saunders Schmidt Schneider Schultz Scott Shah Sharma Shaw Silva
    Simmons Simpson Singh Smith Snyder Soto Spencer Stephens Stevens Stewart Stone Sullivan Suzuki Tanaka Taylor
    Thomas Thompson Torres Tucker Turner Vargas Vasquez Wagner Walker Wallace Walsh Wang Ward Warren Watkins Watson
    Watts Weaver Webb Weber Wells West Wheeler White Wilkinson Williams Williamson Willis Wilson Wong Wood Woods
    Wright Wu Yang Young Zhang
    """.split()  # noqa: SIM905 - as above
)
